/** Charts of named rows: a point with an interval in each, or a bar; groups with a heading. */
import type { TopLevelSpec } from 'vega-lite';
import { TITLE_OFFSET } from './chart.js';
import { palette } from './palette.js';
import { type Layout, layoutOf, namesOf } from './row-names.js';
import { type Layer, legendOf, look, TITLE_LIMIT } from './series-chart.js';
import type { SeriesStyles } from './series-style.js';

export type ChartRow =
  | { readonly heading: string }
  /** Of a part of what is below a heading. */
  | { readonly subheading: string }
  | NamedRow;

export interface NamedRow {
  readonly name: string;
  /** Behind the name, and never cut. */
  readonly note?: string;
  readonly points: readonly RowPoint[];
  /** A tick in this row alone: what its points are to be held against. */
  readonly tick?: number | null;
}

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
  /** Leaves the room of a legend, so that the rows stand beside those of a chart that has one. */
  readonly besideLegend?: boolean;
}

const WIDTH = 392;
const ROW_HEIGHT = 22;
/** Around the plot: title, and labels and title of the axis. */
const SPACE = { left: 8, right: 8, top: 34, bottom: 48 };
/** Of a legend of one line, and what is below it. */
const LEGEND_HEIGHT = 34;
/** Of a tick, to both sides of its row. */
const TICK = 0.32;

export function rowChart(chart: RowChart): TopLevelSpec {
  const { title, rows, styles, rule, legend, besideLegend } = chart;
  const more = besideLegend ? LEGEND_HEIGHT : 0;
  const layout = layoutOf(rows);
  const x = valueAxis(chart, layout);
  const y = {
    field: 'row',
    type: 'quantitative' as const,
    axis: null,
    scale: { domain: [-0.5, layout.height - 0.5], reverse: true, nice: false },
  };
  const plot = {
    width: WIDTH,
    height: layout.height * ROW_HEIGHT,
    layer: [
      ...(rule === undefined ? [] : [ruleOf(rule, x)]),
      ...namesOf(rows, layout, y),
      ...ticksOf(rows, layout, { x, y }),
      ...marksOf(chart, layout, { x, y, ...look(styles) }),
    ] satisfies Layer[],
  };
  return {
    title: {
      text: title,
      limit: TITLE_LIMIT,
      frame: 'group',
      ...(more > 0 && { offset: TITLE_OFFSET + more }),
    },
    ...(legend
      ? { padding: 8, spacing: 14, vconcat: [legendOf(styles, 'points'), plot] }
      : { autosize: { type: 'none' as const }, padding: { ...SPACE, top: SPACE.top + more }, ...plot }),
  };
}

function valueAxis({ axis, bars }: RowChart, { start }: Layout) {
  return {
    field: 'x',
    type: 'quantitative' as const,
    title: axis.title,
    scale: {
      range: [start, WIDTH - 12],
      ...(axis.domain
        ? { domain: [...axis.domain], nice: false }
        : { zero: bars ?? axis.zero ?? false, nice: true }),
    },
    axis: { tickCount: 4, labelFlush: false, ...(axis.labels !== undefined && { labelExpr: axis.labels }) },
  };
}

interface Channels {
  readonly x: ReturnType<typeof valueAxis>;
  readonly y: object;
}

function ruleOf(value: number, x: Channels['x']): Layer {
  return {
    data: { values: [{ x: value }] },
    mark: { type: 'rule', color: palette.faint.light, strokeDash: [4, 3] },
    encoding: { x },
  };
}

function ticksOf(rows: readonly ChartRow[], { places }: Layout, { x, y }: Channels): Layer[] {
  const values = rows.flatMap((row, at) =>
    'points' in row && row.tick !== undefined && row.tick !== null
      ? [{ x: row.tick, row: places[at]!.mark - TICK, to: places[at]!.mark + TICK }]
      : [],
  );
  if (values.length === 0) return [];
  const mark = { type: 'rule' as const, color: palette.faint.light, strokeWidth: 2 };
  return [{ data: { values }, mark, encoding: { x, y, y2: { field: 'to' } } }];
}

function marksOf(
  { rows, styles, bars, legend }: RowChart,
  { places }: Layout,
  { x, y, color, shape }: Channels & ReturnType<typeof look>,
): Layer[] {
  const names = Object.keys(styles);
  // Points of one value would lie on each other.
  const shift = (series: string) =>
    legend ? (names.indexOf(series) - (names.length - 1) / 2) * (0.6 / names.length) : 0;
  const points = rows.flatMap((row, at) =>
    'points' in row
      ? row.points.map(({ series, value, interval }) => ({
          row: places[at]!.mark + shift(series),
          series,
          x: value,
          low: interval?.low ?? null,
          high: interval?.high ?? null,
        }))
      : [],
  );
  if (bars) {
    return [
      {
        data: { values: points.map((point) => ({ ...point, from: 0 })) },
        mark: { type: 'rule', strokeWidth: 11, strokeCap: 'butt' },
        encoding: { x: { ...x, field: 'from' }, x2: { field: 'x' }, y, color },
      },
    ];
  }
  const whiskers = points.filter(({ low }) => low !== null);
  return [
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
      mark: { type: 'point', filled: true, size: 55, opacity: 1 },
      encoding: { x, y, color, shape },
    },
  ];
}
