/** The numbers of a transfer from its runs: means over the seeds, and what each strategy took to catch up. */
import { aucTarget } from '../common/auc-target.js';
import { STRATEGIES, type Strategy } from '../common/strategies.js';
import { meanCurve, meanPoint } from './mean-curve.js';
import { spreadOf } from './statistics.js';
import type {
  Reached,
  StrategyAtFraction,
  StrategyResult,
  TransferResult,
  TransferRun,
} from './transfer-result.js';

export interface StrategyRun {
  readonly strategy: Strategy;
  readonly fraction: number;
  readonly result: TransferRun;
}

/** What is known of a transfer before its runs. */
export type TransferPlan = Omit<TransferResult, 'strategies'>;

/** `runs` are those that are done; one of a fraction or seed that the plan lacks is left out. */
export function summariseTransfer(plan: TransferPlan, runs: readonly StrategyRun[]): TransferResult {
  const runsOf = (strategy: Strategy, fraction: number): TransferRun[] =>
    plan.seeds.flatMap((seed) =>
      runs
        .filter((run) => run.strategy === strategy && run.fraction === fraction && run.result.seed === seed)
        .map(({ result }) => result),
    );
  const rising = [...plan.fractions].sort((a, b) => a - b);
  const described = STRATEGIES.flatMap((strategy): [Strategy, StrategyResult][] => {
    const fractions = rising.flatMap((fraction) => {
      const done = runsOf(strategy, fraction);
      return done.length > 0 ? [atFraction(fraction, done, runsOf('retrain-all', fraction))] : [];
    });
    const largest = fractions.at(-1);
    return largest ? [[strategy, { ...largest, fractions }]] : [];
  });
  return { ...plan, strategies: Object.fromEntries(described) };
}

/** `runs` of one or more seeds. */
function atFraction(
  fraction: number,
  runs: readonly TransferRun[],
  retrainAll: readonly TransferRun[],
): StrategyAtFraction {
  const { mean, deviation } = spreadOf(runs.map(({ final }) => final));
  const target =
    retrainAll.length > 0 ? aucTarget(spreadOf(retrainAll.map(({ final }) => final)).mean) : null;
  return {
    fraction,
    final: mean,
    deviation,
    curve: meanCurve(runs.map(({ curve }) => curve)),
    reached: target === null ? null : meanReached(target, runs),
    runs,
  };
}

/** Null where no run reaches it. */
function meanReached(target: number, runs: readonly TransferRun[]): Reached | null {
  const points = runs.flatMap(({ curve }) => curve.find(({ auc }) => auc >= target) ?? []);
  if (points.length === 0) return null;
  const { step, samples, seconds } = meanPoint(points);
  return { step, samples, seconds, seeds: points.length };
}
