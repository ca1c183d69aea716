/** Scored samples of one task, gathered batch by batch in growing columns: 16 bytes a sample and 4 a logit. */
import type { ScoredSamples } from '../model/score-batches.js';
import type { Scored } from './scored.js';

/** As of a binary task where `outputs` is 1. */
export interface PredictionColumns extends Scored {
  /** Logits, row by row, [samples, outputs]. */
  readonly scores: Float32Array;
  /** Logits of a sample. */
  readonly outputs: number;
  /** Index of the request, [samples]. */
  readonly requests: Int32Array;
  /** Index of the sample in the task, [samples]. */
  readonly samples: Int32Array;
}

export class Predictions {
  #length = 0;
  #scores: Float32Array;
  #labels = new Float32Array(1024);
  #weights = new Float32Array(1024);
  #requests = new Int32Array(1024);
  #samples = new Int32Array(1024);

  /** `outputs`: logits of a sample. */
  constructor(readonly outputs: number) {
    this.#scores = new Float32Array(1024 * outputs);
  }

  get length(): number {
    return this.#length;
  }

  add({ logits, label, weight, request, sample }: ScoredSamples): void {
    const end = this.#length + label.length;
    if (end > this.#labels.length) this.#grow(Math.max(end, 2 * this.#labels.length));
    this.#scores.set(logits, this.#length * this.outputs);
    this.#labels.set(label, this.#length);
    this.#weights.set(weight, this.#length);
    this.#requests.set(request, this.#length);
    this.#samples.set(sample, this.#length);
    this.#length = end;
  }

  /** Views of what was added so far, not copies. */
  columns(): PredictionColumns {
    return {
      scores: this.#scores.subarray(0, this.#length * this.outputs),
      outputs: this.outputs,
      labels: this.#labels.subarray(0, this.#length),
      weights: this.#weights.subarray(0, this.#length),
      requests: this.#requests.subarray(0, this.#length),
      samples: this.#samples.subarray(0, this.#length),
    };
  }

  #grow(capacity: number): void {
    const grown = <T extends Float32Array | Int32Array>(values: T, larger: T): T => {
      larger.set(values);
      return larger;
    };
    this.#scores = grown(this.#scores, new Float32Array(capacity * this.outputs));
    this.#labels = grown(this.#labels, new Float32Array(capacity));
    this.#weights = grown(this.#weights, new Float32Array(capacity));
    this.#requests = grown(this.#requests, new Int32Array(capacity));
    this.#samples = grown(this.#samples, new Int32Array(capacity));
  }
}

/** Gathers a whole stream, by task. */
export async function gatherPredictions(
  stream: AsyncIterable<ScoredSamples>,
  onSamples: (count: number) => void = () => {},
): Promise<ReadonlyMap<string, PredictionColumns>> {
  const byTask = new Map<string, Predictions>();
  for await (const scored of stream) {
    const predictions = byTask.get(scored.task) ?? new Predictions(scored.outputs);
    byTask.set(scored.task, predictions);
    predictions.add(scored);
    onSamples(scored.label.length);
  }
  return new Map([...byTask].map(([task, predictions]) => [task, predictions.columns()]));
}
