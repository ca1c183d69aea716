/** Requests that came together, answered by one pass through the model: states of the histories that have none yet, then all that is asked. */
import { buildBatch } from '../delivery/build-batch.js';
import { queryOfUsers } from '../delivery/embed/embed-users.js';
import type { AskedRequest } from '../delivery/encoded.js';
import { logitsOfData, probabilitiesOf } from '../delivery/score-requests.js';
import { hasStates, statesOfBatch } from '../model/known-states.js';
import { representationUnits, representBatch } from '../model/represent.js';
import { scoreBatch } from '../model/score.js';
import type { ModelWeights } from '../model/weights.js';
import type { EncodedHistory } from './user-history.js';

export interface Job {
  readonly asked: AskedRequest;
  /** Whose states are kept beside it, once they are known. */
  readonly history: EncodedHistory;
  /** Whether the representation is asked for. */
  readonly wantsVector: boolean;
}

export interface Answer {
  /** Task -> probabilities of its samples, row by row, [samples, outputs]. */
  readonly scores: Readonly<Record<string, Float32Array>>;
  readonly vector: Float32Array | null;
}

export function answerBatch(weights: ModelWeights, jobs: readonly Job[]): Answer[] {
  const { shape } = weights;
  const known = hasStates(shape);
  if (known) workOutStates(weights, jobs);
  const [scoring, embedding] = [jobs.filter(asksTasks), jobs.filter(({ wantsVector }) => wantsVector)];
  const scores = new Map<Job, Record<string, Float32Array>>(jobs.map((job) => [job, {}]));
  if (scoring.length > 0) {
    const batch = batchOf(weights, scoring, known);
    const logits = scoreBatch(weights, batch, { states: known ? gatherStates(weights, scoring) : null });
    for (const task of Object.keys(batch.tasks)) {
      const all = logitsOfData(weights, task, logits[task] ?? new Float32Array(0));
      const probabilities = probabilitiesOf(weights, task, all);
      let start = 0;
      for (const job of scoring) {
        const samples = job.asked.tasks[task];
        if (!samples) continue;
        const end = start + samples.length * shape.tasks[task]!.outputs;
        scores.get(job)![task] = probabilities.subarray(start, end);
        start = end;
      }
    }
  }
  const vectors = new Map<Job, Float32Array>();
  if (embedding.length > 0) {
    const batch = batchOf(weights, embedding, known);
    const states = known ? gatherStates(weights, embedding) : null;
    const values = representBatch(weights, batch, queryOfUsers(shape), states);
    const units = representationUnits(shape);
    for (const [at, job] of embedding.entries())
      vectors.set(job, values.subarray(at * units, (at + 1) * units));
  }
  return jobs.map((job) => ({ scores: scores.get(job)!, vector: vectors.get(job) ?? null }));
}

const asksTasks = ({ asked }: Job) => Object.keys(asked.tasks).length > 0;

const batchOf = ({ shape }: ModelWeights, jobs: readonly Job[], statesKnown: boolean) =>
  buildBatch(
    shape,
    jobs.map(({ asked }) => asked),
    { statesKnown },
  );

/** Of each history once, whoever asks of it. */
function workOutStates(weights: ModelWeights, jobs: readonly Job[]): void {
  const missing = new Map<EncodedHistory, Job>();
  for (const job of jobs) if (job.history.states === null) missing.set(job.history, job);
  if (missing.size === 0) return;
  const { units } = weights.shape;
  const requests = [...missing.values()].map(({ asked: { request } }) => ({ request, tasks: {} }));
  const states = statesOfBatch(weights, buildBatch(weights.shape, requests));
  for (const [row, history] of [...missing.keys()].entries()) {
    const own = new Float32Array(history.events.length * units);
    for (let step = 0; step < history.events.length; step++) {
      const from = (step * missing.size + row) * units;
      own.set(states.subarray(from, from + units), step * units);
    }
    history.states = own;
  }
}

/** Those of all jobs, [time, jobs, units]. */
function gatherStates({ shape: { units } }: ModelWeights, jobs: readonly Job[]): Float32Array {
  const steps = jobs.reduce((longest, { history }) => Math.max(longest, history.events.length), 1);
  const all = new Float32Array(steps * jobs.length * units);
  for (const [row, { history }] of jobs.entries()) {
    for (let step = 0; step < history.events.length; step++) {
      const own = history.states!.subarray(step * units, (step + 1) * units);
      all.set(own, (step * jobs.length + row) * units);
    }
  }
  return all;
}
