/** Tables of text for the terminal: columns aligned, numbers to the right, no colours. */
import stringWidth from 'string-width';
import { printable } from './printable.js';

export type Cell = string | number | null;

const GAP = '  ';

/** 12, -0.5, +.0029, 1e-6, 1,000 and 12 %. */
const NUMERIC = /^[+-]?(\d[\d,]*(\.\d*)?|\.\d+)(e[+-]?\d+)?( ?%)?$/i;

/**
 * Numbers are shown as they are; round them first. Null is a dash. A column of numbers, or of texts that are such, stands to
 * the right. A table that is wider than `width` (of a terminal) goes on below, with its first column again; null never breaks.
 */
export function formatTable(
  header: readonly string[],
  rows: readonly (readonly Cell[])[],
  width: number | null = null,
): string {
  const columns = header.map((name, at) =>
    formatColumn(
      name,
      rows.map((row) => row[at] ?? null),
    ),
  );
  return blocksOf(columns, width ?? Number.POSITIVE_INFINITY)
    .map(formatBlock)
    .join('\n');
}

/** A column's lines, the header and the rule first. */
interface Column {
  readonly width: number;
  readonly lines: readonly string[];
}

function formatColumn(name: string, cells: readonly Cell[]): Column {
  const toRight = cells.every(isNumeric) && cells.some((cell) => cell !== null && cell !== '');
  const texts = [name, ...cells.map((cell) => (cell === null ? '-' : String(cell)))].map(printable);
  const widths = texts.map((text) => stringWidth(text));
  const width = Math.max(...widths);
  const [title, ...values] = texts.map((text, at) => {
    const space = ' '.repeat(width - widths[at]!);
    return toRight ? space + text : text + space;
  });
  return { width, lines: [title!, '-'.repeat(width), ...values] };
}

const isNumeric = (cell: Cell): boolean => typeof cell !== 'string' || cell === '' || NUMERIC.test(cell);

/** As many columns beside the first one as fit, at least one. */
function blocksOf(columns: readonly Column[], width: number): readonly (readonly Column[])[] {
  const [first, ...others] = columns;
  if (!first) return [];
  const blocks: Column[][] = [[first]];
  let used = first.width;
  for (const column of others) {
    const more = GAP.length + column.width;
    if (used + more > width && blocks.at(-1)!.length > 1) {
      blocks.push([first]);
      used = first.width;
    }
    blocks.at(-1)!.push(column);
    used += more;
  }
  return blocks;
}

function formatBlock(columns: readonly Column[]): string {
  return columns[0]!.lines
    .map(
      (_, line) =>
        `${columns
          .map(({ lines }) => lines[line])
          .join(GAP)
          .trimEnd()}\n`,
    )
    .join('');
}
