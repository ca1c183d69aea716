/**
 * Seeded random numbers: sfc32 (Chris Doty-Humphrey's small fast counter), seeded through sha256 of labels, so that
 * streams for different purposes are independent and the same on every machine.
 */
import { createHash } from 'node:crypto';

export interface Random {
  /** Uniform in [0, 1), a multiple of 2^-32. */
  uniform(): number;
  /** Uniform integer in [0, below). */
  integer(below: number): number;
  /** Normal with mean 0 and deviation 1. */
  normal(): number;
  /** Puts the elements in random order, in place (Fisher and Yates). */
  shuffle(values: { [index: number]: number; readonly length: number }): void;
}

/** A generator for one purpose: the labels (a seed, a name, a number of the epoch) are all that it depends on. */
export function createRandom(...labels: readonly (string | number)[]): Random {
  const digest = createHash('sha256').update(JSON.stringify(labels)).digest();
  let a = digest.readInt32LE(0);
  let b = digest.readInt32LE(4);
  let c = digest.readInt32LE(8);
  let counter = digest.readInt32LE(12);

  const next = (): number => {
    const result = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + result) | 0;
    return result >>> 0;
  };
  const uniform = () => next() / 2 ** 32;
  const integer = (below: number) => Math.floor(uniform() * below);
  return {
    uniform,
    integer,
    normal() {
      // Box and Muller; 1 - u keeps the logarithm finite.
      return Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
    },
    shuffle(values) {
      for (let last = values.length - 1; last > 0; last--) {
        const other = integer(last + 1);
        const kept = values[last]!;
        values[last] = values[other]!;
        values[other] = kept;
      }
    },
  };
}
