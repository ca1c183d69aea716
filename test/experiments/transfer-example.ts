/** A transfer worked out by hand: two strategies, two seeds, two fractions. */

import type { Strategy } from '../../src/common/strategies.js';
import type { StrategyRun, TransferPlan } from '../../src/experiments/summarise-transfer.js';
import type { CurvePoint, Known } from '../../src/experiments/transfer-result.js';

export const plan: TransferPlan = {
  name: 'demo',
  folder: 'runs/demo',
  task: 'spp',
  measure: 'auc',
  seeds: [1, 2],
  fractions: [1, 0.1],
  samples: 4000,
  bases: [
    { seed: 1, run: 'runs/demo/base-seed1', seconds: 100, tasks: ['ctr', 'ltr'] },
    { seed: 2, run: 'runs/demo/base-seed2', seconds: 140, tasks: ['ctr', 'ltr'] },
  ],
};

/** A point: ten samples a step, and as many seconds for ten steps as `slowness`. */
export function point(step: number, auc: number, slowness = 1): CurvePoint {
  return { step, samples: 10 * step, seconds: (slowness * step) / 10, auc };
}

export function run(
  strategy: Strategy,
  fraction: number,
  seed: number,
  final: number,
  curve: readonly CurvePoint[],
  known?: Known,
): StrategyRun {
  const last = curve.at(-1) ?? point(0, final);
  return {
    strategy,
    fraction,
    result: {
      seed,
      run: `runs/demo/${strategy}-${fraction}-seed${seed}`,
      final,
      bestStep: last.step,
      ...(known && { known }),
      seconds: last.seconds,
      curve,
    },
  };
}

/**
 * Retrain-all's mean final AUC is .7 of all samples and .62 of a tenth: targets .698 and .6188, which its second seed
 * alone reaches. Of a tenth its seeds have epochs of other lengths.
 */
export const runs: readonly StrategyRun[] = [
  run('retrain-all', 1, 1, 0.68, [point(0, 0.5, 4), point(100, 0.6, 4), point(200, 0.68, 4)]),
  run('retrain-all', 1, 2, 0.72, [point(0, 0.5, 4), point(100, 0.64, 4), point(200, 0.72, 4)]),
  run('retrain-all', 0.1, 1, 0.61, [point(0, 0.5, 4), point(20, 0.61, 4)]),
  run('retrain-all', 0.1, 2, 0.63, [point(0, 0.5, 4), point(30, 0.63, 4)]),
  run('fine-tune', 1, 1, 0.69, [point(0, 0.5), point(50, 0.7), point(100, 0.69)]),
  run('fine-tune', 1, 2, 0.71, [point(0, 0.52), point(50, 0.7), point(100, 0.71), point(130, 0.7)]),
  run('fine-tune', 0.1, 1, 0.6, [point(0, 0.5), point(20, 0.6)]),
];
