/** What is in fashion: how much everybody likes each leaf and each style at the time, drifting from day to day. */
import { createRandom, type Random } from '../common/random.js';
import { NUM_LEAVES, STYLES } from './categories.js';

export interface Fashion {
  readonly leaf: Float64Array;
  readonly style: Float64Array;
}

/** Both are standard normal at any time; from one day to the next a tenth of the variance is new. */
const KEPT = Math.sqrt(0.9);
const NEW = Math.sqrt(0.1);

export function createFashion(seed: number): { readonly fashion: Fashion; readonly nextDay: () => void } {
  const random = createRandom(seed, 'fashion');
  const fashion = {
    leaf: Float64Array.from({ length: NUM_LEAVES }, () => random.normal()),
    style: Float64Array.from(STYLES, () => random.normal()),
  };
  const nextDay = () => {
    drift(fashion.leaf, KEPT, NEW, random);
    drift(fashion.style, KEPT, NEW, random);
  };
  return { fashion, nextDay };
}

/** Replaces each value x by kept x + fresh N(0, 1), in place. */
export function drift(values: Float64Array, kept: number, fresh: number, random: Random): void {
  for (let at = 0; at < values.length; at++) values[at] = kept * values[at]! + fresh * random.normal();
}
