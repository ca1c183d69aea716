/** The processes that make the steps of a training together; of most there is one. */
import type { Tensor2D } from '@tensorflow/tfjs-node';
import type { Batch } from '../dataset/batch.js';
import type { Cost } from '../distributed/costs.js';
import { type LoadedCheckpoint, loadCheckpoint, loadSlots, saveCheckpoint } from '../model/checkpoint.js';
import { type ScoredSamples, scoreBatches } from '../model/score-batches.js';
import type { ModelShape } from '../model/shape.js';
import { initialWeights, type ModelWeights } from '../model/weights.js';
import type { Optimizer } from './optimizer.js';
import { type MakeStep, trainStep } from './steps.js';

/** What a process would have all of them do after a step. */
export interface Wish {
  /** The signal that is to end the training. */
  readonly stop: NodeJS.Signals | null;
  /** Whether to save where training stands. */
  readonly save: boolean;
}

export interface Team {
  /** Keeps the records of the run; there is one in each team. */
  readonly isChief: boolean;
  /** What of each batch it works on; by default all of it. */
  readonly share?: { readonly index: number; readonly of: number };
  /** Work of each that takes some longer than others. */
  during<T>(work: Promise<T>): Promise<T>;
  /** All begin the same, which is told of in words. @throws LostCluster on all where one would not */
  requireSame?(start: string): Promise<void>;
  /** Weights to train from scratch, as a seed has them; the caller disposes of them. */
  fresh(shape: ModelShape, seed: number, deviation: number): Promise<ModelWeights>;
  /** Those of a checkpoint, and its state. */
  load<State>(folder: string, shape: ModelShape): Promise<LoadedCheckpoint<State>>;
  loadSlots(folder: string, optimizer: Optimizer): Promise<void>;
  /** Which batches of training are its own, where the others make steps of others meanwhile. */
  readonly turn?: { readonly index: number; readonly of: number };
  /** One step of all. */
  readonly step: MakeStep;
  /** What all do: to stop where one wishes it, to save where the chief does. */
  agree(wish: Wish): Promise<Wish>;
  /** The scores of all, to each of them. */
  scores(
    weights: ModelWeights,
    batches: AsyncIterable<Batch>,
    stored?: (batch: Batch) => Tensor2D,
  ): AsyncIterable<ScoredSamples>;
  /** What reaching each other has cost this process so far, by purpose. */
  costs(): ReadonlyMap<string, Readonly<Cost>>;
  /** Writes the checkpoint of all. */
  save<State>(folder: string, weights: ModelWeights, optimizer: Optimizer, state: State): Promise<void>;
}

/** A process by itself. */
export const alone: Team = {
  isChief: true,
  during: (work) => work,
  fresh: async (...start) => initialWeights(...start),
  load: loadCheckpoint,
  loadSlots: (folder, { slots }) => loadSlots(folder, slots),
  step: trainStep,
  agree: async (wish) => wish,
  costs: () => new Map(),
  scores: scoreBatches,
  save: (folder, weights, optimizer, state) => saveCheckpoint(folder, weights, optimizer.slots, state),
};
