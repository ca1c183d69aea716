/** What the main thread and the thread that builds batches say to each other. A stream is one pass over a plan. */
import type { Batch } from './batch.js';
import type { BatchPlan, PlanSize } from './batch-plan.js';

/** What the worker is started with. */
export interface WorkerInput {
  readonly folder: string;
}

export type ToWorker =
  | { readonly type: 'measure'; readonly stream: number; readonly plan: BatchPlan }
  /** Begin, and build `credits` batches ahead. */
  | { readonly type: 'start'; readonly stream: number; readonly plan: BatchPlan; readonly credits: number }
  /** A batch was taken: build one more. */
  | { readonly type: 'take'; readonly stream: number }
  | { readonly type: 'stop'; readonly stream: number };

export type FromWorker =
  | { readonly type: 'size'; readonly stream: number; readonly size: PlanSize }
  | { readonly type: 'batch'; readonly stream: number; readonly batch: Batch }
  | { readonly type: 'end'; readonly stream: number }
  /** The class of an error doesn't survive the way between threads. */
  | {
      readonly type: 'error';
      readonly stream: number;
      readonly error: unknown;
      readonly isUserError: boolean;
    };
