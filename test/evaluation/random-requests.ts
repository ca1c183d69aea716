/** Random requests of random users with their samples, and the batches that an evaluator takes them in. */
import { createRandom } from '../../src/common/random.js';
import type { SliceCodes } from '../../src/evaluation/slicing/slices.js';
import { numberUsers, type UserNumbers } from '../../src/evaluation/user-numbers.js';
import type { ScoredSamples } from '../../src/model/score-batches.js';
import { groupBy } from './definitions.js';

export interface RequestSample {
  readonly request: number;
  readonly user: number;
  readonly logits: readonly number[];
  readonly label: number;
  readonly weight: number;
  /** Place among the values of each column. */
  readonly codes: readonly number[];
}

export interface RandomRequests {
  /** By request, [samples]. */
  readonly samples: readonly RequestSample[];
  /** Of each request from FIRST_REQUEST on. */
  readonly userOf: readonly number[];
}

export interface RequestsOptions {
  readonly seed: number;
  readonly requests: number;
  readonly users: number;
  /** Logits of a sample; 1 of a binary task. */
  readonly outputs: number;
  readonly label?: (random: ReturnType<typeof createRandom>) => number;
  readonly weight?: (random: ReturnType<typeof createRandom>) => number;
}

/** Evaluation parts do not begin with the first request, nor with the first sample. */
export const FIRST_REQUEST = 7;
const FIRST_SAMPLE = 100;

/** `same` is one value for all; nothing is `(other)` in `size`. */
export const COLUMNS = [
  { column: 'place', values: ['left', 'right', '(other)'] },
  { column: 'same', values: ['all', '(other)'] },
  { column: 'size', values: ['s', 'm', 'l', 'xl', '(other)'] },
];

/** Up to five samples a request, some without any; few logits, so that ties abound; weights of 0. */
export function randomRequests(options: RequestsOptions): RandomRequests {
  const { seed, requests, users, outputs } = options;
  const random = createRandom('requests', seed);
  const {
    label = () => random.integer(Math.max(2, outputs)),
    weight = () => [0, 0.25, 1, 1, 2][random.integer(5)]!,
  } = options;
  const userOf = Array.from({ length: requests }, () => random.integer(users));
  const samples = userOf.flatMap((user, at) =>
    Array.from({ length: random.integer(6) }, () => ({
      request: FIRST_REQUEST + at,
      user,
      logits: Array.from({ length: outputs }, () => random.integer(7) / 2 - 1),
      label: label(random),
      weight: weight(random),
      codes: [random.integer(8) === 0 ? 2 : user % 2, 0, random.integer(4)],
    })),
  );
  return { samples, userOf };
}

/** Batches of random sizes, the requests in random order; those of a request stay together. */
export function batchesOf(
  { samples }: RandomRequests,
  { task, outputs, seed }: { readonly task: string; readonly outputs: number; readonly seed: number },
): ScoredSamples[] {
  const random = createRandom('batches', task, seed);
  const numbered = samples.map((sample, at) => ({ ...sample, sample: FIRST_SAMPLE + at }));
  const requests = Int32Array.from(new Set(samples.map(({ request }) => request)));
  random.shuffle(requests);
  const byRequest = groupBy(numbered, ({ request }) => request);
  const batches: ScoredSamples[] = [];
  for (let start = 0; start < requests.length; ) {
    const end = start + 1 + random.integer(20);
    const rows = [...requests.subarray(start, end)].flatMap((request) => byRequest.get(request)!);
    batches.push({
      task,
      outputs,
      logits: Float32Array.from(rows.flatMap(({ logits }) => logits)),
      label: Float32Array.from(rows, ({ label }) => label),
      weight: Float32Array.from(rows, ({ weight }) => weight),
      request: Int32Array.from(rows, ({ request }) => request),
      sample: Int32Array.from(rows, ({ sample }) => sample),
    });
    start = end;
  }
  return batches;
}

export function usersOf({ samples, userOf }: RandomRequests): UserNumbers {
  const hasSample = new Uint8Array(userOf.length);
  for (const { request } of samples) hasSample[request - FIRST_REQUEST] = 1;
  return numberUsers(FIRST_REQUEST, Int32Array.from(userOf), hasSample);
}

export function slicesOf({ samples }: RandomRequests): SliceCodes {
  const codes = Uint8Array.from(samples.flatMap((sample) => sample.codes));
  return {
    columns: COLUMNS,
    read: (first, last) => {
      const from = (sample: number) => (sample - FIRST_SAMPLE) * COLUMNS.length;
      return codes.subarray(from(first), from(last));
    },
  };
}

/** Users are drawn with replacement; what is drawn twice comes twice, as of another user with requests of their own. */
export function drawnSamples(
  requests: RandomRequests,
  { samples, seed }: { readonly samples: number; readonly seed: number },
): RequestSample[][] {
  const numbers = usersOf(requests);
  const random = createRandom(seed, 'bootstrap');
  return Array.from({ length: samples }, () => {
    const draws = Array.from({ length: numbers.count }, () => random.integer(numbers.count));
    const byNumber = groupBy(requests.samples, ({ request }) => numbers.of(request));
    return draws.flatMap((number, copy) =>
      byNumber.get(number)!.map((sample) => ({
        ...sample,
        request: sample.request + 1e6 * copy,
        user: sample.user + 1e6 * copy,
      })),
    );
  });
}
