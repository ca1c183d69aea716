/** What the main thread and the thread of a model say to each other. */
import type { Batch } from '../dataset/batch.js';
import type { RequestQuery } from '../model/forward.js';
import type { ModelShape } from '../model/shape.js';

/** What the thread is started with. */
export interface ModelInput {
  /** The weights of a bundle, as they were when it was opened. */
  readonly path: string;
  readonly sha256: string;
  readonly shape: ModelShape;
}

export type ModelTask =
  /** States of the histories, [time, batch, units]. */
  | { readonly type: 'states'; readonly batch: Batch }
  /** Representations, [batch, units]; `states` are those of the histories where they are known. */
  | {
      readonly type: 'represent';
      readonly batch: Batch;
      readonly query: RequestQuery;
      readonly states: Float32Array | null;
    }
  /** Logits of the samples of each task; `representations` [batch, units] are worked out where they are not given. */
  | {
      readonly type: 'score';
      readonly batch: Batch;
      readonly states: Float32Array | null;
      readonly representations: Float32Array | null;
    };

export type ToModel = { readonly id: number; readonly task: ModelTask } | 'end';

/** Task -> logits of a scored batch, else one array under the name of the question. */
export type Values = Readonly<Record<string, Float32Array>>;

export type FromModel =
  | { readonly type: 'ready' }
  | { readonly type: 'values'; readonly id: number; readonly values: Values }
  | { readonly type: 'error'; readonly id: number; readonly error: unknown };
