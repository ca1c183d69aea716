/** What the charts of a transfer have in common: the strategies' looks, and a legend that shows line and point as one. */
import type { TopLevelSpec } from 'vega-lite';
import type { Strategy } from '../common/strategies.js';
import type { TransferResult } from '../experiments/transfer-result.js';
import { palette } from './palette.js';
import { strategyStyles } from './strategy-style.js';

export type Layer = Extract<TopLevelSpec, { layer: unknown }>['layer'][number];

type Encoding = NonNullable<Extract<TopLevelSpec, { mark: unknown }>['encoding']>;

const WIDTH = 340;
const HEIGHT = 230;
const LEGEND = { columns: 2, rowHeight: 20, columnWidth: 160, lineWidth: 40 };

/** Layers have a field `strategy` in their data, which `look` encodes. */
export function strategyChart(
  title: string,
  strategies: readonly Strategy[],
  layers: readonly Layer[],
): TopLevelSpec {
  return {
    title: { text: title, limit: WIDTH },
    padding: 8,
    spacing: 14,
    vconcat: [legendOf(strategies), { width: WIDTH, height: HEIGHT, layer: [...layers] }],
  };
}

/** `values` have a field `strategy`, and those of `x` and `y`. */
export function lineAndPoints(
  values: readonly object[],
  {
    x,
    y,
    strategies,
  }: {
    readonly x: NonNullable<Encoding['x']>;
    readonly y: NonNullable<Encoding['y']>;
    readonly strategies: readonly Strategy[];
  },
): Layer[] {
  const { color, strokeDash, shape } = look(strategies);
  const data = { values: [...values] };
  return [
    { data, mark: { type: 'line', strokeWidth: 2 }, encoding: { x, y, color, strokeDash } },
    { data, mark: { type: 'point', filled: true, size: 40, opacity: 1 }, encoding: { x, y, color, shape } },
  ];
}

export function aucName(measure: TransferResult['measure']): string {
  return measure === 'auc' ? 'AUC' : 'macro AUC';
}

/** Of the field `auc`; it starts near the lowest value, not at 0. */
export function aucAxis(title: string) {
  return {
    field: 'auc',
    type: 'quantitative' as const,
    title,
    scale: { zero: false, nice: true },
  };
}

/** Encodings of the field `strategy`, for lines (dash) and points (shape). */
export function look(strategies: readonly Strategy[]) {
  const styles = strategies.map((strategy) => strategyStyles[strategy]);
  const channel = <T>(range: T[]) => ({
    field: 'strategy',
    type: 'nominal' as const,
    scale: { domain: [...strategies], range },
    legend: null,
  });
  return {
    color: channel(styles.map(({ colour }) => colour)),
    strokeDash: channel(styles.map(({ dash }) => [...dash])),
    shape: channel(styles.map(({ shape }) => shape)),
  };
}

function legendOf(strategies: readonly Strategy[]): Layer {
  const { color, strokeDash, shape } = look(strategies);
  const { columns, rowHeight, columnWidth, lineWidth } = LEGEND;
  const entries = strategies.map((strategy, at) => {
    const start = (at % columns) * columnWidth;
    return {
      strategy,
      start,
      end: start + lineWidth,
      middle: start + lineWidth / 2,
      row: Math.floor(at / columns),
    };
  });
  const height = rowHeight * Math.ceil(strategies.length / columns);
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
    scale: { domain: [-0.5, height / rowHeight - 0.5], reverse: true, nice: false },
  };
  return {
    width: WIDTH,
    height,
    data: { values: entries },
    layer: [
      {
        mark: { type: 'rule', strokeWidth: 2 },
        encoding: { x: across('start'), x2: { field: 'end' }, y: row, color, strokeDash },
      },
      {
        mark: { type: 'point', filled: true, size: 50, opacity: 1 },
        encoding: { x: across('middle'), y: row, color, shape },
      },
      {
        mark: { type: 'text', align: 'left', dx: 8, color: palette.ink.light },
        encoding: { x: across('end'), y: row, text: { field: 'strategy' } },
      },
    ],
  };
}
