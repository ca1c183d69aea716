/** What is saved of the evaluation of a run, beside what the command adds. */
import type { Evaluation } from './evaluate.js';

export interface SavedEvaluation extends Evaluation {
  /** The step of training that the weights are of. */
  readonly step: number;
  /** What the scores of the evaluation part took, waiting for batches left out. */
  readonly scoring: { readonly requests: number; readonly seconds: number };
}
