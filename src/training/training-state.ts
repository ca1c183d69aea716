/** Where training stands: all that is needed, beside weights and slots, to go on as if it had never stopped. */
import type { StepRecord } from './steps.js';

export interface BestSoFar {
  readonly step: number;
  /** Epochs done, the fraction of the running one included. */
  readonly epochs: number;
  /** Mean AUC on the validation part; null where it could not be measured. */
  readonly score: number | null;
}

export interface TrainingState {
  /** Steps done. */
  readonly step: number;
  /** Steps of the runs that this one started from: the slots of the optimiser have seen them. */
  readonly earlierSteps: number;
  /** Whole epochs done. */
  readonly epoch: number;
  /** Batches of the running epoch done. */
  readonly batch: number;
  /** Steps since the last record of metrics.jsonl, which the next one is the mean of. */
  readonly window: readonly StepRecord[];
  /** The step of the last validation: a session that was stopped in one begins with it. */
  readonly validatedStep: number;
  /** Steps in a row that were passed over, as their loss or gradient was not a finite number. */
  readonly skippedInARow: number;
  readonly best: BestSoFar | null;
  readonly validationsWithoutBetter: number;
  /** Spent on word2vec, steps and validations, over all sessions. */
  readonly seconds: number;
  /** Samples trained on, over all sessions, by task. */
  readonly samplesByTask: Readonly<Record<string, number>>;
  /** Until when the requests lie that it learns from (ISO 8601): it may be measured on what follows. */
  readonly learnedTo: string;
  /** The prepared data that it learns from (`preparedKey`). */
  readonly prepared: string;
  /** Length of metrics.jsonl when this was saved: what a later session wrote beyond it is cut off. */
  readonly metricsBytes: number;
}

export const startState: Omit<TrainingState, 'learnedTo' | 'prepared'> = {
  step: 0,
  earlierSteps: 0,
  epoch: 0,
  batch: 0,
  window: [],
  validatedStep: 0,
  skippedInARow: 0,
  best: null,
  validationsWithoutBetter: 0,
  seconds: 0,
  samplesByTask: {},
  metricsBytes: 0,
};

/** What decides when training ends. */
export interface StopRule {
  /** Batches of an epoch. */
  readonly batches: number;
  readonly epochs: number;
  /** Validations in a row without a better one. */
  readonly patience: number;
}

/** The state after a validation with the given score (null: nothing to compare, so the latest is the best). */
export function afterValidation(state: TrainingState, score: number | null, rule: StopRule): TrainingState {
  const best = state.best?.score ?? null;
  const better = score === null || best === null || score > best;
  const validationsWithoutBetter = better ? 0 : state.validationsWithoutBetter + 1;
  const epochs = state.epoch + state.batch / rule.batches;
  return {
    ...state,
    ...(state.batch === rule.batches ? { epoch: state.epoch + 1, batch: 0 } : {}),
    validatedStep: state.step,
    best: better ? { step: state.step, epochs, score } : state.best,
    validationsWithoutBetter,
  };
}

/** Not stored with the state: a run may be resumed with more epochs or more patience. */
export function isFinished(state: TrainingState, rule: Pick<StopRule, 'epochs' | 'patience'>): boolean {
  return state.validationsWithoutBetter >= rule.patience || state.epoch >= rule.epochs;
}
