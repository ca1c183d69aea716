/** Charts of several series: their looks, and a legend that shows line and point as one. */
import type { TopLevelSpec } from 'vega-lite';
import { palette } from './palette.js';
import type { SeriesStyles } from './series-style.js';
import { shortened } from './shortened.js';

export type Layer = Extract<TopLevelSpec, { layer: unknown }>['layer'][number];

export type Encoding = NonNullable<Extract<TopLevelSpec, { mark: unknown }>['encoding']>;

const WIDTH = 340;
const HEIGHT = 230;
/** Of what vega takes for the width of a title, which is more than it has. */
export const TITLE_LIMIT = 1.25 * WIDTH;
const ROW_HEIGHT = 20;
const LEGENDS = {
  short: { columns: 3, columnWidth: 104, lineWidth: 32 },
  long: { columns: 2, columnWidth: 160, lineWidth: 40 },
};
/** Of the longest name of which a row of the legend has room for three, and for two. */
const SHORT_LENGTH = 9;
const LONG_LENGTH = 17;

/** Layers have a field `series` in their data, which `look` encodes. */
export function seriesChart(
  title: string,
  styles: SeriesStyles,
  layers: readonly Layer[],
  { height = HEIGHT, marks = 'both' }: { readonly height?: number; readonly marks?: Marks | 'none' } = {},
): TopLevelSpec {
  const plot = { width: WIDTH, height, layer: [...layers] };
  return {
    title: { text: title, limit: TITLE_LIMIT },
    padding: 8,
    ...(marks === 'none' ? plot : { spacing: 14, vconcat: [legendOf(styles, marks), plot] }),
  };
}

/** `values` have a field `series`, and those of `x` and `y`. */
export function lineAndPoints(
  values: readonly object[],
  {
    x,
    y,
    styles,
  }: {
    readonly x: NonNullable<Encoding['x']>;
    readonly y: NonNullable<Encoding['y']>;
    readonly styles: SeriesStyles;
  },
): Layer[] {
  const { color, strokeDash, shape } = look(styles);
  const data = { values: [...values] };
  return [
    { data, mark: { type: 'line', strokeWidth: 2 }, encoding: { x, y, color, strokeDash } },
    { data, mark: { type: 'point', filled: true, size: 40, opacity: 1 }, encoding: { x, y, color, shape } },
  ];
}

/** Encodings of the field `series`, for lines (dash) and points (shape). */
export function look(styles: SeriesStyles) {
  const each = Object.values(styles);
  const channel = <T>(range: T[]) => ({
    field: 'series',
    type: 'nominal' as const,
    scale: { domain: Object.keys(styles), range },
    legend: null,
  });
  return {
    color: channel(each.map(({ colour }) => colour)),
    strokeDash: channel(each.map(({ dash }) => [...dash])),
    shape: channel(each.map(({ shape }) => shape)),
  };
}

/** What the layers show of each series, and so the legend; where a page has one series, it needs none. */
export type Marks = 'lines' | 'points' | 'both';

export function legendOf(styles: SeriesStyles, marks: Marks): Layer {
  const { color, strokeDash, shape } = look(styles);
  const names = Object.keys(styles);
  const short = names.every((name) => name.length <= SHORT_LENGTH);
  const { columns, columnWidth, lineWidth } = LEGENDS[short ? 'short' : 'long'];
  const entries = names.map((series, at) => {
    const start = (at % columns) * columnWidth;
    return {
      series,
      label: shortened(series, short ? SHORT_LENGTH : LONG_LENGTH),
      start,
      end: start + lineWidth,
      middle: start + lineWidth / 2,
      row: Math.floor(at / columns),
    };
  });
  const height = ROW_HEIGHT * Math.ceil(names.length / columns);
  const across = (field: string) => ({
    field,
    type: 'quantitative' as const,
    axis: null,
    scale: { domain: [0, WIDTH], nice: false },
  });
  const row = {
    field: 'row',
    type: 'quantitative' as const,
    axis: null,
    scale: { domain: [-0.5, height / ROW_HEIGHT - 0.5], reverse: true, nice: false },
  };
  const line: Layer = {
    mark: { type: 'rule', strokeWidth: 2 },
    encoding: { x: across('start'), x2: { field: 'end' }, y: row, color, strokeDash },
  };
  const point: Layer = {
    mark: { type: 'point', filled: true, size: 50, opacity: 1 },
    encoding: { x: across('middle'), y: row, color, shape },
  };
  return {
    width: WIDTH,
    height,
    data: { values: entries },
    layer: [
      ...(marks === 'points' ? [] : [line]),
      ...(marks === 'lines' ? [] : [point]),
      {
        mark: { type: 'text', align: 'left', dx: 8, color: palette.ink.light },
        encoding: { x: across('end'), y: row, text: { field: 'label' } },
      },
    ],
  };
}
