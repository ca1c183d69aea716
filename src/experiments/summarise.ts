/** The numbers of a comparison from what its runs came to: every metric of every row, and the costs. */
import type { Comparison } from '../config/load-comparison.js';
import { type Costs, sumCosts } from './costs.js';
import { epochWarnings } from './epoch-warnings.js';
import { groupOutcome, type RowOutcome } from './group.js';
import { type MetricRow, metricRows } from './metric-rows.js';
import type { Outcome } from './outcome.js';
import { comparisonRuns, runName } from './runs.js';
import { sampleWarnings } from './sample-warnings.js';

export interface ComparisonResult {
  readonly name: string;
  readonly folder: string;
  /** The file of the base. */
  readonly base: string;
  readonly seeds: readonly number[];
  readonly runs: { readonly planned: number; readonly missing: readonly string[] };
  /** `auc[task]` -> row (base, variants, groups) -> numbers. */
  readonly metrics: Readonly<Record<string, Readonly<Record<string, MetricRow>>>>;
  /** Row -> means over the seeds. */
  readonly costs: Readonly<Record<string, Costs & { readonly seeds: number }>>;
  /** What speaks against comparing. */
  readonly warnings: readonly string[];
}

/** `outcomes` has the finished runs by name; the others are missing. */
export function summarise(comparison: Comparison, outcomes: ReadonlyMap<string, Outcome>): ComparisonResult {
  const { name, folder, baseFile, seeds } = comparison;
  const names = comparisonRuns(comparison).map((run) => run.name);
  const rows = rowOutcomes(comparison, outcomes);
  const keys = new Set(
    [...rows.values()].flatMap((bySeed) =>
      [...bySeed.values()].flatMap(({ metrics }) => Object.keys(metrics)),
    ),
  );
  return {
    name,
    folder,
    base: baseFile,
    seeds,
    runs: { planned: names.length, missing: names.filter((run) => !outcomes.has(run)) },
    metrics: Object.fromEntries([...keys].map((key) => [key, metricRows(valuesOf(rows, key))])),
    costs: Object.fromEntries(
      [...rows].flatMap(([row, bySeed]) => {
        const costs = [...bySeed.values()].flatMap((outcome) => outcome.costs ?? []);
        return costs.length > 0
          ? [[row, { ...sumCosts(costs, 1 / costs.length), seeds: costs.length }] as const]
          : [];
      }),
    ),
    warnings: [...sampleWarnings(outcomes), ...epochWarnings(comparison, outcomes)],
  };
}

type Rows = ReadonlyMap<string, ReadonlyMap<number, RowOutcome>>;

/** A variant is a row of one member. */
function rowOutcomes({ configs, groups, seeds }: Comparison, outcomes: ReadonlyMap<string, Outcome>): Rows {
  const variants = [...configs.keys()].map((variant) => [variant, [variant]] as const);
  return new Map(
    [...variants, ...Object.entries(groups)].map(([row, members]) => {
      const outcomeOf = (seed: number) =>
        groupOutcome(members.map((member) => outcomes.get(runName(member, seed))));
      return [row, new Map(seeds.map((seed) => [seed, outcomeOf(seed)]))];
    }),
  );
}

/** Row -> seed -> value, where there is one. */
function valuesOf(rows: Rows, key: string): ReadonlyMap<string, ReadonlyMap<number, number>> {
  const values = [...rows].map(([row, bySeed]) => {
    const measured = [...bySeed].flatMap(([seed, { metrics }]) => {
      const value = metrics[key];
      return value === null || value === undefined ? [] : [[seed, value] as const];
    });
    return [row, new Map(measured)] as const;
  });
  return new Map(values);
}
