/** The numbers of a transfer from its runs: means over the seeds, and what each strategy took to catch up. */
import { aucTarget } from '../common/auc-target.js';
import { STRATEGIES, type Strategy } from '../common/strategies.js';
import { meanCurve } from './mean-curve.js';
import { spreadOf } from './statistics.js';
import type {
  CurvePoint,
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
  const curve = meanCurve(runs.map((run) => run.curve));
  const target =
    retrainAll.length > 0 ? aucTarget(spreadOf(retrainAll.map(({ final }) => final)).mean) : null;
  return {
    fraction,
    final: mean,
    deviation,
    curve,
    reached: target === null ? null : firstAt(target, curve),
    runs,
  };
}

function firstAt(target: number, curve: readonly CurvePoint[]): Reached | null {
  const point = curve.find(({ auc }) => auc >= target);
  return point ? { step: point.step, samples: point.samples, seconds: point.seconds } : null;
}
