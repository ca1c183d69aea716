/** What a training run reads, part by part of the split. */
import { activeTasks } from '../common/active-tasks.js';
import type { Split } from '../common/prepared.js';
import type { Config } from '../config/schema.js';
import type { BatchPlan } from '../dataset/batch-plan.js';
import type { TrainingState } from './training-state.js';

/** One pass over a part of the split for the tasks of this config. */
export function planFor(config: Config, split: Split, shuffle: BatchPlan['shuffle']): BatchPlan {
  return {
    split,
    tasks: Object.keys(activeTasks(config)),
    maxEvents: config.model.maxEvents,
    batchRequests: config.train.batchRequests,
    shuffle,
  };
}

export interface Plans {
  training(state: Pick<TrainingState, 'epoch' | 'batch'>): BatchPlan;
  readonly validation: BatchPlan;
  /** Of the curve of a transfer; null where nothing is measured but the validation part. */
  readonly evaluation: BatchPlan | null;
}

/**
 * `share` is what one of several processes reads of a batch, `turn` which training batches where it has some of its own; `transfer` has
 * the task that is judged alone, and the share of its requests; `readsHistories` is false where all that is read of them is stored.
 */
export function plansOf(
  config: Config,
  transfer: { readonly task: string; readonly share: number } | null,
  readsHistories: boolean,
  { share, turn }: Pick<BatchPlan, 'share' | 'turn'> = {},
): Plans {
  const { seed } = config.train;
  const length = readsHistories ? {} : { maxEvents: 0 };
  const shared = share ? { share } : {};
  const judged = transfer ? { tasks: [transfer.task] } : {};
  const limit =
    transfer && transfer.share < 1 ? { limit: { task: transfer.task, share: transfer.share, seed } } : {};
  return {
    training: ({ epoch, batch }) => ({
      ...planFor(config, 'training', { seed, epoch }),
      ...length,
      ...limit,
      ...(turn ? { turn } : shared),
      firstBatch: batch,
    }),
    validation: { ...planFor(config, 'validation', null), ...length, ...judged, ...shared },
    evaluation: transfer && { ...planFor(config, 'evaluation', null), ...length, ...judged },
  };
}
