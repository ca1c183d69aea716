/** Tables of text for the terminal: columns aligned, numbers to the right, no colours. */

export type Cell = string | number | null;

const GAP = '  ';

/** Numbers are shown as they are; round them first. Null is a dash. */
export function formatTable(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const right = header.map(
    (_, column) =>
      rows.every((row) => typeof row[column] !== 'string') &&
      rows.some((row) => typeof row[column] === 'number'),
  );
  const text = rows.map((row) => header.map((_, column) => show(row[column] ?? null)));
  const widths = header.map((name, column) =>
    Math.max(name.length, ...text.map((row) => row[column]!.length)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => (right[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join(GAP)
      .trimEnd();
  const rule = widths.map((width) => '-'.repeat(width));
  return [header, rule, ...text].map((cells) => `${line(cells)}\n`).join('');
}

function show(cell: Cell): string {
  return cell === null ? '-' : String(cell);
}
