/** Goes through the runs of a transfer, and reports after each, so that a part of them can be read. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { aucMeasureOf } from '../common/auc-name.js';
import type { Context } from '../common/context.js';
import { UserError } from '../common/errors.js';
import type { Manifest } from '../common/prepared.js';
import { startsFromBase } from '../common/strategies.js';
import type { Transfer } from '../config/load-transfer.js';
import { runPaths } from '../training/run-folder.js';
import { type StrategyRun, summariseTransfer, type TransferPlan } from './summarise-transfer.js';
import type { TransferResult, TransferRun } from './transfer-result.js';
import { type PlannedBase, type PlannedStrategy, plannedBase, plannedStrategies } from './transfer-runs.js';

/** A trained base. */
export type TrainedBase = TransferResult['bases'][number];

export interface TransferWork {
  /** Both bring a run to its end, or find it there. */
  base(planned: PlannedBase): Promise<TrainedBase>;
  /** `base` is there for a strategy that starts from one. */
  strategy(planned: PlannedStrategy, base: TrainedBase | null): Promise<TransferRun>;
  report(result: TransferResult): Promise<void>;
}

export async function transfer(
  settings: Transfer,
  { tasks }: Pick<Manifest, 'tasks'>,
  work: TransferWork,
  { logger, progress }: Context,
): Promise<TransferResult> {
  const { name, folder, task, seeds, fractions } = settings;
  if (existsSync(join(folder, runPaths.metrics))) {
    throw new UserError(
      `Cannot transfer into ${folder}: expected a new folder or that of a transfer, got a run; ` +
        `give the transfer another name than ${name} (--set run.name=NAME)`,
    );
  }
  const counts = Object.values(tasks[task]!.counts.training);
  const plan: TransferPlan = {
    ...{ name, folder, task, seeds, fractions },
    measure: aucMeasureOf(tasks[task]!.kind),
    samples: counts.reduce((sum, count) => sum + count, 0),
    bases: [],
  };
  const bases: TrainedBase[] = [];
  const runs: StrategyRun[] = [];
  const soFar = () => summariseTransfer({ ...plan, bases: [...bases] }, runs);
  const hasBases = settings.strategies.some(startsFromBase);
  const planned = seeds.map((seed) => ({ seed, strategies: plannedStrategies(settings, seed) }));
  const total = planned.reduce((sum, { strategies }) => sum + strategies.length + Number(hasBases), 0);
  const bar = progress.start('transfer', total);
  const show = (run: string, seed: number) => bar.update(bases.length + runs.length, { run, seed });
  try {
    for (const { seed, strategies } of planned) {
      show('base', seed);
      const base = hasBases ? await work.base(plannedBase(settings, seed)) : null;
      if (base) bases.push(base);
      for (const plannedRun of strategies) {
        const { strategy, fraction } = plannedRun;
        const number = bases.length + runs.length + 1;
        logger.info({ strategy, fraction, seed, number, of: total }, 'transfer');
        show(fraction === 1 ? strategy : `${strategy} of ${fraction}`, seed);
        runs.push({ strategy, fraction, result: await work.strategy(plannedRun, base) });
        await work.report(soFar());
      }
    }
  } finally {
    bar.stop();
  }
  return soFar();
}
