/** How far the AUC of a run of a transfer is known: its best weights on the evaluation part, whose users are resampled. */
import { join } from 'node:path';
import { aucMeasureOf } from '../common/auc-name.js';
import type { Context } from '../common/context.js';
import { withWorkFolder } from '../common/files.js';
import type { Config } from '../config/schema.js';
import { Evaluator } from '../evaluation/evaluate.js';
import { measuredRequests, openMeasured, usersOf } from '../evaluation/measured.js';
import { type SavedKnown, saveKnown } from '../experiments/transfer-outcome.js';
import type { Prepared } from './require-prepared.js';
import { openScoredRun } from './scored-run.js';

/** A standard error from as many is right to a twentieth. */
const RESAMPLES = 256;

/** Leaves it in the folder of the run, where `readTransferRun` finds it. */
export async function measureTransferRun(
  config: Config,
  prepared: Prepared,
  { folder, task }: { readonly folder: string; readonly task: string },
  { progress }: Context,
): Promise<void> {
  const data = openMeasured(prepared.folder);
  try {
    await withWorkFolder(join(folder, 'known'), async (work) => {
      const run = await openScoredRun(config, prepared, folder);
      const { kind, outputs } = run.weights.shape.tasks[task]!;
      const users = usersOf(data, task, measuredRequests(data.manifest));
      const { bootstrapSamples, bootstrapSeed, ndcgAt } = config.eval;
      const evaluator = new Evaluator({
        tasks: { [task]: { kind, outputs, users, slices: null } },
        bootstrap: { samples: Math.min(bootstrapSamples, RESAMPLES), seed: bootstrapSeed },
        ...{ ndcgAt, folder: work, name: 'known' },
      });
      const bar = progress.start('resample users', 100);
      try {
        for await (const scored of run.samples()) evaluator.add(scored);
        const { intervals, tasks } = await evaluator.finish((share) => bar.update(Math.round(100 * share)));
        const { samples, requests, users } = tasks[task]!;
        const area = intervals[`${aucMeasureOf(kind)}[${task}]`];
        const known: SavedKnown = {
          ...{ step: run.state.step, samples, requests, users },
          standardError: area?.standardError ?? null,
        };
        await saveKnown(folder, known);
      } finally {
        bar.stop();
        evaluator.close();
        run.close();
      }
    });
  } finally {
    data.close();
  }
}
