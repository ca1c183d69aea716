/** Where the rows of a chart have their names: to the left of the plot, in two lines where one is long. */
import { palette } from './palette.js';
import type { ChartRow } from './row-chart.js';
import type { Encoding, Layer } from './series-chart.js';
import { shortened } from './shortened.js';

/** Signs of a line that have room to the left. */
const LINE_LENGTH = 21;
/** Where names end and the plot begins: the same in all charts, so that those side by side agree. */
const START = 152;
const INDENT = 10;
/** From one line of a name to the next, of what a row is high. */
const LINE_STEP = 0.7;

export interface Layout {
  /** Lines in all. */
  readonly height: number;
  /** Of each row, its lines of text with their places, and that of its marks. */
  readonly places: readonly {
    readonly texts: readonly { readonly row: number; readonly text: string }[];
    readonly mark: number;
  }[];
  /** Where the plot begins, in pixels. */
  readonly start: number;
  readonly indent: number;
}

export function layoutOf(rows: readonly ChartRow[]): Layout {
  const grouped = rows.some((row) => 'heading' in row);
  const length = LINE_LENGTH - (grouped ? 1 : 0);
  const places: Layout['places'][number][] = [];
  let line = 0;
  for (const row of rows) {
    const texts = textsOf(row, length);
    places.push({
      texts: texts.map((text, at) => ({ row: line + at * LINE_STEP, text })),
      mark: line + ((texts.length - 1) * LINE_STEP) / 2,
    });
    line += 1 + (texts.length - 1) * LINE_STEP;
  }
  return { height: line, places, start: START, indent: grouped ? INDENT : 0 };
}

/** One line, or two of a name that is long. */
function textsOf(row: ChartRow, length: number): string[] {
  if ('heading' in row) return [shortened(row.heading, 2 * LINE_LENGTH)];
  if ('subheading' in row) return [row.subheading];
  const note = row.note === undefined || row.note === '' ? '' : `(${row.note})`;
  const name = [...row.name];
  if ([...name, ...note].length + (note === '' ? 0 : 1) <= length) return [`${row.name} ${note}`.trim()];
  if (name.length <= length) return [row.name, note];
  const end = breakOf(name, length);
  const rest = name.slice(end).join('').trimStart();
  const room = note === '' ? length : length - [...note].length - 1;
  return [name.slice(0, end).join('').trimEnd(), `${shortened(rest, room)} ${note}`.trim()];
}

/** Where a name goes on in a second line: behind the last sign that words end with, or where the line is full. */
function breakOf(name: readonly string[], length: number): number {
  const end = name.slice(0, length).findLastIndex((sign) => /[\s:/.,;_-]/.test(sign)) + 1;
  return end > length / 3 ? end : length;
}

export function namesOf(
  rows: readonly ChartRow[],
  { places, indent }: Layout,
  y: NonNullable<Encoding['y']>,
): Layer[] {
  const text = (
    values: readonly object[],
    left: number,
    { weight = 400, color = palette.ink.light as string } = {},
  ): Layer[] =>
    values.length === 0
      ? []
      : [
          {
            data: { values: [...values] },
            mark: { type: 'text', align: 'left', color, fontWeight: weight as 400 | 600 },
            encoding: { x: { value: left }, y, text: { field: 'name' } },
          },
        ];
  const pick = (isOf: (row: ChartRow) => boolean) =>
    rows.flatMap((row, at) =>
      isOf(row) ? places[at]!.texts.map(({ row: line, text: name }) => ({ row: line, name })) : [],
    );
  return [
    ...text(
      pick((row) => 'heading' in row),
      0,
      { weight: 600 },
    ),
    ...text(
      pick((row) => 'subheading' in row),
      indent,
      { color: palette.faint.light },
    ),
    ...text(
      pick((row) => 'points' in row),
      indent,
    ),
  ];
}
