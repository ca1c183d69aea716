/** One metric in all rows of a comparison: its spread over the seeds, and what it differs by from the base. */
import { type Interval, meanInterval, type Spread, spreadOf } from './statistics.js';

export interface MetricRow extends Spread {
  /** By seed; without those that could not be measured. */
  readonly values: Readonly<Record<string, number>>;
  /** Value minus that of the base with the same seed; null for the base, and where no seed has both. */
  readonly difference: (Spread & { readonly interval: Interval | null }) | null;
}

/** Row -> values by seed, the base first; rows without a value are left out. */
export function metricRows(
  rows: ReadonlyMap<string, ReadonlyMap<number, number>>,
): Readonly<Record<string, MetricRow>> {
  const [base] = rows.values();
  const described = [...rows].flatMap(([row, values]) =>
    values.size === 0 ? [] : [[row, describe(values, values === base ? new Map() : base!)] as const],
  );
  return Object.fromEntries(described);
}

function describe(values: ReadonlyMap<number, number>, base: ReadonlyMap<number, number>): MetricRow {
  const differences = [...values].flatMap(([seed, value]) => {
    const ofBase = base.get(seed);
    return ofBase === undefined ? [] : [value - ofBase];
  });
  const spread = differences.length > 0 ? spreadOf(differences) : null;
  return {
    ...spreadOf([...values.values()]),
    values: Object.fromEntries(values),
    difference: spread && { ...spread, interval: meanInterval(spread) },
  };
}
