/**
 * Requests that came together. Those that bring their histories are answered by one pass through the model; of users who may come again,
 * by one for each question (nothing, the words of the query, the history itself), so that what is known of a history is not worked out again.
 */
import { buildBatch } from '../delivery/build-batch.js';
import { queryOfUsers } from '../delivery/embed/embed-users.js';
import type { AskedRequest, EncodedRequest, EncodedSample } from '../delivery/encoded.js';
import { logitsOfData, probabilitiesOf } from '../delivery/score-requests.js';
import type { RequestQuery } from '../model/forward.js';
import { asksHistory, type ModelShape, representationUnits, type TaskShape } from '../model/shape.js';
import { type EncodedHistory, keepVector, knownVector } from './encoded-history.js';
import type { ModelThread } from './model-thread.js';

export interface Job {
  readonly asked: AskedRequest;
  /** What is known of its events is kept beside it. */
  readonly history: EncodedHistory;
  /** Whether the representation is asked for. */
  readonly wantsVector: boolean;
}

export interface Answer {
  /** Task -> probabilities of its samples, row by row, [samples, outputs]. */
  readonly scores: Readonly<Record<string, Float32Array>>;
  readonly vector: Float32Array | null;
}

type Scores = Record<string, Float32Array>;

const QUESTIONS = ['none', 'text', 'history'] as const;
type Question = (typeof QUESTIONS)[number];

/** What a task asks: the representation by one of its queries, or the history itself, with its candidates. */
const questionOf = (task: TaskShape): Question =>
  asksHistory(task) ? 'history' : (task.query as RequestQuery);

/** Whether one history may be asked again with something else: then its states are worth keeping. */
export const keepsStates = ({ encoder, tasks }: ModelShape): boolean =>
  encoder === 'lstm' && Object.values(tasks).some((task) => questionOf(task) !== 'none');

export async function answerBatch(thread: ModelThread, jobs: readonly Job[]): Promise<Answer[]> {
  const { shape } = thread;
  const scores = new Map<Job, Scores>(jobs.map((job) => [job, {}]));
  const once = jobs.filter(({ history, wantsVector }) => !history.isKept && !wantsVector);
  if (once.length > 0) {
    const asking = once.map((job) => ({ job, tasks: job.asked.tasks }));
    const batch = buildBatch(
      shape,
      once.map(({ asked }) => asked),
    );
    addScores(shape, asking, await thread.score(batch, {}), scores);
  }
  const others = jobs.filter(({ history, wantsVector }) => history.isKept || wantsVector);
  for (const question of QUESTIONS) {
    const asking = others.flatMap((job) => tasksAsking(shape, job, question));
    if (asking.length === 0) continue;
    const requests = asking.map(({ job, tasks }) => ({ request: job.asked.request, tasks }));
    const of = asking.map(({ job }) => job);
    if (question === 'history') {
      const states = await statesOf(thread, of);
      const batch = buildBatch(shape, requests, { statesKnown: states !== null });
      addScores(shape, asking, await thread.score(batch, { states }), scores);
    } else {
      const vectors = await vectorsOf(thread, of, question);
      const batch = buildBatch(shape, requests.map(withoutEvents));
      const logits = await thread.score(batch, { representations: joined(vectors) });
      addScores(shape, asking, logits, scores);
    }
  }
  const embedding = jobs.filter(({ wantsVector }) => wantsVector);
  const vectors = embedding.length > 0 ? await vectorsOf(thread, embedding, queryOfUsers(shape)) : [];
  const vectorOf = new Map(embedding.map((job, at) => [job, vectors[at]!]));
  return jobs.map((job) => ({ scores: scores.get(job)!, vector: vectorOf.get(job) ?? null }));
}

interface Asking {
  readonly job: Job;
  /** Those of its tasks that ask the question and have samples. */
  readonly tasks: Readonly<Record<string, readonly EncodedSample[]>>;
}

/** None, or one. */
function tasksAsking({ tasks }: ModelShape, job: Job, question: Question): Asking[] {
  const own = Object.entries(job.asked.tasks).filter(
    ([task, { length }]) => length > 0 && questionOf(tasks[task]!) === question,
  );
  return own.length > 0 ? [{ job, tasks: Object.fromEntries(own) }] : [];
}

function addScores(
  shape: ModelShape,
  asking: readonly Asking[],
  logits: Readonly<Record<string, Float32Array>>,
  scores: ReadonlyMap<Job, Scores>,
): void {
  for (const [task, values] of Object.entries(logits)) {
    const { outputs } = shape.tasks[task]!;
    const probabilities = probabilitiesOf({ shape }, task, logitsOfData({ shape }, task, values));
    let start = 0;
    for (const { job, tasks } of asking) {
      const end = start + (tasks[task]?.length ?? 0) * outputs;
      if (end > start) scores.get(job)![task] = probabilities.subarray(start, end);
      start = end;
    }
  }
}

/** A stored representation knows what it needs of the request. */
const withoutEvents = ({ request, tasks }: AskedRequest): AskedRequest => ({
  request: { ...request, events: [] },
  tasks,
});

/** The representation of each, worked out once for all who ask the same. */
async function vectorsOf(
  thread: ModelThread,
  jobs: readonly Job[],
  query: RequestQuery,
): Promise<Float32Array[]> {
  const { shape } = thread;
  const keys = jobs.map(({ asked }) => keyOf(asked.request, query));
  const missing = new Map<string, Job>();
  const found = jobs.map(({ history }, at) => knownVector(history, keys[at]!));
  const nameOf = (at: number) => `${jobs[at]!.history.id} ${keys[at]}`;
  for (const [at, vector] of found.entries()) if (!vector) missing.set(nameOf(at), jobs[at]!);
  if (missing.size === 0) return found as Float32Array[];
  const asked = [...missing.values()];
  const states = await statesOf(thread, asked);
  const requests = asked.map(({ asked: { request } }) => ({ request, tasks: {} }));
  const batch = buildBatch(shape, requests, { statesKnown: states !== null });
  const values = await thread.represent(batch, query, states);
  const units = representationUnits(shape);
  const rows = new Map([...missing.keys()].map((name, row) => [name, row]));
  return found.map((vector, at) => {
    if (vector) return vector;
    const row = rows.get(nameOf(at))!;
    const own = values.slice(row * units, (row + 1) * units);
    keepVector(jobs[at]!.history, keys[at]!, own);
    return own;
  });
}

/** What a representation depends on beside the events. */
const keyOf = ({ users, words }: EncodedRequest, query: RequestQuery): string =>
  query === 'none' ? users.join() : `${users.join()} ${words.join()}`;

function joined(vectors: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(vectors.length * vectors[0]!.length);
  for (const [at, vector] of vectors.entries()) all.set(vector, at * vector.length);
  return all;
}

/** States of the histories of all jobs, [time, jobs, units]; null for a model of which none are kept. */
async function statesOf(thread: ModelThread, jobs: readonly Job[]): Promise<Float32Array | null> {
  const { shape } = thread;
  if (!keepsStates(shape)) return null;
  const { units } = shape;
  const missing = new Map<EncodedHistory, AskedRequest>();
  for (const { history, asked } of jobs)
    if (history.states === null) missing.set(history, { request: asked.request, tasks: {} });
  if (missing.size > 0) {
    const states = await thread.states(buildBatch(shape, [...missing.values()]));
    for (const [row, history] of [...missing.keys()].entries()) {
      const own = new Float32Array(history.events.length * units);
      for (let step = 0; step < history.events.length; step++) {
        const from = (step * missing.size + row) * units;
        own.set(states.subarray(from, from + units), step * units);
      }
      history.states = own;
    }
  }
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
