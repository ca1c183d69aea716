/** The reference that `npm run parity` wrote, and a comparison with it. */
import { readdirSync, readFileSync } from 'node:fs';
import type { ModelShape } from '../../src/model/shape.js';
import type { World } from '../dataset/prepared-world.js';

/** Numbers of any shape. */
export type Nested = number | readonly Nested[];

export interface Case {
  readonly shape: ModelShape;
  readonly maxEvents: number;
  readonly taskWeights: Readonly<Record<string, number>>;
  readonly classWeights: Readonly<Record<string, readonly number[]>>;
  readonly l2: number;
  readonly weights: Readonly<Record<string, Nested>>;
  readonly expected: {
    /** Task -> logits of each sample. */
    readonly logits: Readonly<Record<string, Nested>>;
    /** rep of each request, without a query. */
    readonly representation: readonly Nested[];
    /** Weights of the steps of each request, without a query. */
    readonly attention: readonly (readonly number[])[];
    /** Task with the candidate as query -> weights of the steps for each sample. */
    readonly candidateAttention: Readonly<Record<string, readonly (readonly number[])[]>>;
    readonly lossByTask: Readonly<Record<string, number>>;
    /** Of the gradient of each task's share of the loss with respect to what its tower reads. */
    readonly normByTask: Readonly<Record<string, number>>;
    readonly loss: number;
    /** Of every weight, whole tables included. */
    readonly gradients: Readonly<Record<string, Nested>>;
  };
}

const folder = new URL('fixtures/', import.meta.url);

function read<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as T;
}

export const readWorld = (): World => read('world');
export const readCase = (name: string): Case => read(name);
export const caseNames = readdirSync(folder)
  .map((file) => file.replace('.json', ''))
  .filter((name) => name !== 'world');

export function flat(values: Nested): number[] {
  return typeof values === 'number' ? [values] : values.flatMap(flat);
}

/**
 * The largest difference, as a share of the largest expected number; of numbers that are all zero but for rounding (the
 * gradient of a bias in front of a batch normalisation), as a share of 0.01.
 */
export function relativeError(got: ArrayLike<number>, expected: Nested): number {
  const wanted = flat(expected);
  if (got.length !== wanted.length) return Number.POSITIVE_INFINITY;
  const largest = Math.max(...wanted.map(Math.abs));
  // NaN must not pass as a small difference.
  const difference = Math.max(...wanted.map((value, i) => Math.abs(got[i]! - value)));
  return difference / (largest > 1e-12 ? largest : 0.01);
}
