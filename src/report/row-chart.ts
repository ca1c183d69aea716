/** Charts of named rows: a point with an interval in each, or a bar; names to the left, groups with a heading. */
import type { TopLevelSpec } from 'vega-lite';
import { palette } from './palette.js';
import { type Encoding, type Layer, legendOf, look, TITLE_LIMIT } from './series-chart.js';
import type { SeriesStyles } from './series-style.js';
import { shortened } from './shortened.js';

export type ChartRow =
  | { readonly heading: string }
  | { readonly name: string; readonly points: readonly RowPoint[] };

export interface RowPoint {
  /** One of the styles. */
  readonly series: string;
  readonly value: number;
  readonly interval?: { readonly low: number; readonly high: number } | null;
}

export interface RowChart {
  readonly title: string;
  readonly rows: readonly ChartRow[];
  readonly styles: SeriesStyles;
  readonly axis: {
    readonly title: string;
    /** An expression of vega. */
    readonly labels?: string;
    readonly domain?: readonly [number, number];
    /** Whether it begins at 0; that of bars does. */
    readonly zero?: boolean;
  };
  /** A line through all rows, such as chance. */
  readonly rule?: number;
  /** From zero, instead of points. */
  readonly bars?: true;
  readonly legend?: true;
}

const WIDTH = 392;
const ROW_HEIGHT = 22;
/** Where names end and the plot begins. */
const NAMES = 152;
const NAME_LENGTH = 21;
const INDENT = 10;

export function rowChart({ title, rows, styles, axis, rule, bars, legend }: RowChart): TopLevelSpec {
  const height = rows.length * ROW_HEIGHT;
  const x = {
    field: 'x',
    type: 'quantitative' as const,
    title: axis.title,
    scale: {
      range: [NAMES, WIDTH - 12],
      ...(axis.domain
        ? { domain: [...axis.domain], nice: false }
        : { zero: bars ?? axis.zero ?? false, nice: true }),
    },
    axis: { tickCount: 4, labelFlush: false, ...(axis.labels !== undefined && { labelExpr: axis.labels }) },
  };
  const y = {
    field: 'row',
    type: 'quantitative' as const,
    axis: null,
    scale: { domain: [-0.5, rows.length - 0.5], reverse: true, nice: false },
  };
  const { color, shape } = look(styles);
  const names = Object.keys(styles);
  // Points of one value would lie on each other.
  const shift = (series: string) =>
    legend ? (names.indexOf(series) - (names.length - 1) / 2) * (0.6 / names.length) : 0;
  const points = rows.flatMap((row, at) =>
    'heading' in row
      ? []
      : row.points.map(({ series, value, interval }) => ({
          row: at + shift(series),
          series,
          x: value,
          low: interval?.low ?? null,
          high: interval?.high ?? null,
        })),
  );
  const whiskers = points.filter(({ low }) => low !== null);
  const plot = {
    width: WIDTH,
    height,
    layer: [
      ...namesOf(rows, y),
      ...(rule === undefined
        ? []
        : [
            {
              data: { values: [{ x: rule }] },
              mark: { type: 'rule' as const, color: palette.faint.light, strokeDash: [4, 3] },
              encoding: { x },
            },
          ]),
      ...(bars
        ? [
            {
              data: { values: points.map((point) => ({ ...point, from: 0 })) },
              mark: { type: 'rule' as const, strokeWidth: 11, strokeCap: 'butt' as const },
              encoding: { x: { ...x, field: 'from' }, x2: { field: 'x' }, y, color },
            },
          ]
        : [
            ...(whiskers.length > 0
              ? [
                  {
                    data: { values: whiskers },
                    mark: { type: 'rule' as const, strokeWidth: 1.5 },
                    encoding: { x: { ...x, field: 'low' }, x2: { field: 'high' }, y, color },
                  },
                ]
              : []),
            {
              data: { values: points },
              mark: { type: 'point' as const, filled: true, size: 55, opacity: 1 },
              encoding: { x, y, color, shape },
            },
          ]),
    ] satisfies Layer[],
  };
  return {
    title: { text: title, limit: TITLE_LIMIT },
    padding: 8,
    ...(legend ? { spacing: 14, vconcat: [legendOf(styles, 'points'), plot] } : plot),
  };
}

function namesOf(rows: readonly ChartRow[], y: NonNullable<Encoding['y']>): Layer[] {
  const grouped = rows.some((row) => 'heading' in row);
  const text = (values: readonly object[], left: number, fontWeight: 400 | 600): Layer => ({
    data: { values: [...values] },
    mark: { type: 'text', align: 'left', color: palette.ink.light, fontWeight },
    encoding: { x: { value: left }, y, text: { field: 'name' } },
  });
  const headings = rows.flatMap((row, at) =>
    'heading' in row ? [{ row: at, name: shortened(row.heading, 2 * NAME_LENGTH) }] : [],
  );
  const names = rows.flatMap((row, at) =>
    'heading' in row ? [] : [{ row: at, name: shortened(row.name, NAME_LENGTH - (grouped ? 1 : 0)) }],
  );
  return [...(headings.length > 0 ? [text(headings, 0, 600)] : []), text(names, grouped ? INDENT : 0, 400)];
}
