/** Metrics down, what was measured across: a form that more metrics make longer and not wider. */
import type { SummaryTable } from './summary.js';
import type { Cell } from './table.js';

/** A model, or a baseline, with its values by metric. */
export interface MeasuredColumn {
  readonly name: string;
  /** Without a value where it could not be measured, or was not asked for. */
  readonly values: Readonly<Record<string, number | null | undefined>>;
  /** Of 95 %; a column of its own where there is one. */
  readonly intervals?: Readonly<
    Record<string, { readonly low: number; readonly high: number } | null | undefined>
  >;
}

/** A row for each metric; four digits behind the point. */
export function metricTable(
  title: string,
  metrics: readonly string[],
  measured: readonly MeasuredColumn[],
): SummaryTable {
  const columns = measured.flatMap(({ name, values, intervals = {} }) => {
    const value = { header: name, cell: (metric: string): Cell => values[metric]?.toFixed(4) ?? null };
    if (!metrics.some((metric) => intervals[metric])) return [value];
    return [value, { header: '95 % interval', cell: (metric: string) => intervalText(intervals[metric]) }];
  });
  return {
    title,
    header: ['metric', ...columns.map(({ header }) => header)],
    rows: metrics.map((metric) => [metric, ...columns.map(({ cell }) => cell(metric))]),
  };
}

function intervalText(interval: { readonly low: number; readonly high: number } | null | undefined): Cell {
  return interval ? `${interval.low.toFixed(4)} .. ${interval.high.toFixed(4)}` : null;
}
