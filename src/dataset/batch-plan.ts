/**
 * Which batches to build, and the building of them one after the other: what the worker thread runs, and what
 * small jobs run in their own thread.
 */
import { UserError } from '../common/errors.js';
import type { Split } from '../common/prepared.js';
import type { Batch } from './batch.js';
import type { BatchBuilder } from './batch-builder.js';
import { type OrderedRequests, orderBatches, selectRequests } from './order.js';
import type { PreparedData } from './prepared.js';
import type { SampleLimit } from './sample-limit.js';

/** One pass over the requests of a part of the split that have a sample of one of the tasks. */
export interface BatchPlan {
  readonly split: Split;
  readonly tasks: readonly string[];
  /** Length of the windows at most. */
  readonly maxEvents: number;
  readonly batchRequests: number;
  /** What the order follows from; null for the fixed order of an evaluation. */
  readonly shuffle: { readonly seed: number; readonly epoch: number } | null;
  /** Reads a share of the samples of one task. */
  readonly limit?: SampleLimit;
  /** Batches to leave out at the start: where a resumed epoch goes on. */
  readonly firstBatch?: number;
  /** Reads every `of`th request of each batch, from the one at `index` on: what one of several processes works on. */
  readonly share?: { readonly index: number; readonly of: number };
  /** Reads every `of`th batch, from the one at `index` on; where the last ones are fewer, an empty one. */
  readonly turn?: { readonly index: number; readonly of: number };
}

export interface PlanSize {
  readonly requests: number;
  /** Of the whole pass, those before firstBatch included; with `turn`, of those of one process. */
  readonly batches: number;
}

/** @throws UserError when a task is not in the prepared data */
export function measurePlan(prepared: PreparedData, plan: BatchPlan): PlanSize {
  const requests = select(prepared, plan).requests.length;
  const batches = Math.ceil(requests / plan.batchRequests);
  return { requests, batches: Math.ceil(batches / (plan.turn?.of ?? 1)) };
}

/** @throws UserError when a task is not in the prepared data, or a file of that is damaged */
export function* planBatches(
  prepared: PreparedData,
  builder: BatchBuilder,
  plan: BatchPlan,
): Generator<Batch, void, undefined> {
  const selected = select(prepared, plan);
  const order = orderBatches(selected, plan.batchRequests, plan.shuffle);
  const only = plan.limit && { task: plan.limit.task, requests: selected.drawn! };
  const { index: first, of } = plan.turn ?? { index: 0, of: 1 };
  const rounds = Math.ceil(order.numBatches / of);
  for (let round = plan.firstBatch ?? 0; round < rounds; round++) {
    const index = round * of + first;
    const requests = index < order.numBatches ? order.batch(index) : new Int32Array(0);
    yield builder.build(shareOf(requests, plan.share), plan.tasks, plan.maxEvents, only);
  }
}

/** Requests of one batch are sorted by length, so that shares of every so many are of equal work. */
const shareOf = (requests: Int32Array, share: BatchPlan['share']): Int32Array =>
  share ? requests.filter((_, at) => at % share.of === share.index) : requests;

function select(prepared: PreparedData, { split, tasks, maxEvents, limit }: BatchPlan): OrderedRequests {
  for (const task of tasks) {
    if (!prepared.tasks[task]) {
      const known = Object.keys(prepared.tasks).join(', ');
      throw new UserError(`Cannot read the samples of task ${task} in ${prepared.folder}: one of ${known}`);
    }
  }
  return selectRequests(prepared, split, tasks, maxEvents, limit);
}
