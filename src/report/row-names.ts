/** Where the rows of a chart have their names: to the left of the plot, or above their marks where one is long. */
import { palette } from './palette.js';
import type { ChartRow, NamedRow } from './row-chart.js';
import type { Encoding, Layer } from './series-chart.js';
import { shortened } from './shortened.js';

/** Signs that have room to the left. */
const LEFT_LENGTH = 21;
/** Where names to the left end and the plot begins; and where it begins below them. */
const LEFT_START = 152;
const LINE_START = 14;
const INDENT = 10;

export interface Layout {
  /** Lines in all. */
  readonly height: number;
  /** Of each row, the line of its text and that of its marks. */
  readonly places: readonly { readonly text: number; readonly mark: number }[];
  /** Where the plot begins, in pixels. */
  readonly start: number;
  /** Signs that a name has room for. */
  readonly length: number;
  readonly indent: number;
  /** Whether names stand above their marks, where the plot is. */
  readonly isAbove: boolean;
}

/** `lineLength`: signs that a line of its own has room for. */
export function layoutOf(rows: readonly ChartRow[], lineLength: number): Layout {
  const grouped = rows.some((row) => 'heading' in row);
  const indent = grouped ? INDENT : 0;
  const left = LEFT_LENGTH - (grouped ? 1 : 0);
  const isAbove = rows.some((row) => 'points' in row && [...row.name, ...noteOf(row)].length > left);
  const places: Layout['places'][number][] = [];
  let line = 0;
  for (const row of rows) {
    const twoLines = isAbove && 'points' in row;
    places.push({ text: line, mark: twoLines ? line + 0.85 : line });
    line += twoLines ? 1.75 : 1;
  }
  const [start, length] = isAbove ? [LINE_START, lineLength] : [LEFT_START, left];
  return { height: line, places, start, length, indent, isAbove };
}

const noteOf = ({ note = '' }: NamedRow) => (note === '' ? '' : ` (${note})`);

export function namesOf(
  rows: readonly ChartRow[],
  { places, length, indent, isAbove }: Layout,
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
  const pick = (nameOf: (row: ChartRow) => string | null) =>
    rows.flatMap((row, at) => {
      const name = nameOf(row);
      return name === null ? [] : [{ row: places[at]!.text, name }];
    });
  const headings = pick((row) => ('heading' in row ? shortened(row.heading, 2 * LEFT_LENGTH) : null));
  const subheadings = pick((row) => ('subheading' in row ? row.subheading : null));
  const names = pick((row) =>
    'points' in row ? shortened(row.name, length - noteOf(row).length) + noteOf(row) : null,
  );
  // Else lines of the plot would cross the texts.
  const lines = [...headings, ...subheadings, ...names].map(({ row }) => ({
    row: row - 0.55,
    to: row + 0.45,
  }));
  const paper: Layer = {
    data: { values: lines },
    mark: { type: 'rect', color: palette.paper.light },
    encoding: { y, y2: { field: 'to' } },
  };
  return [
    ...(isAbove ? [paper] : []),
    ...text(headings, 0, { weight: 600 }),
    ...text(subheadings, indent, { color: palette.faint.light }),
    ...text(names, indent),
  ];
}
