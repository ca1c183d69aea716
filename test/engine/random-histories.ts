/** Histories and weights of the recurrence of any sizes, the same ones for the same sizes. */
import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-node';
import { normal, tensorSeed } from '../../src/engine/random.js';
import type { Histories, RecurrenceWeights } from '../../src/engine/recurrence.js';
import { tf } from '../../src/engine/tf.js';

export const random = (shape: number[], label: string, scale = 0.5) =>
  tf.mul(normal(shape, tensorSeed(7, label)), scale);

export interface Sizes {
  readonly time: number;
  readonly batch: number;
  readonly e: number;
  /** 0 for no properties. */
  readonly p: number;
  readonly units: number;
  readonly peepholes?: boolean;
  /** By default all as long as `time`. */
  readonly lengths?: readonly number[];
  readonly numItems?: number;
  readonly numProperties?: number;
}

export interface RecurrenceCase {
  readonly histories: Histories;
  readonly weights: RecurrenceWeights;
}

export function randomHistories(sizes: Sizes): RecurrenceCase {
  const { time, batch, e, p, units, peepholes = false, numItems = 7, numProperties = 3 } = sizes;
  const at = (rows: number, step: number) =>
    tf.tensor2d(
      Int32Array.from({ length: time * batch }, (_, i) => (i * step + 1) % rows),
      [time, batch],
      'int32',
    );
  return {
    histories: {
      items: random([numItems, e], 'items') as Tensor2D,
      properties: p > 0 ? (random([numProperties, p], 'properties') as Tensor2D) : null,
      itemAt: at(numItems, 5),
      propertyAt: at(numProperties, 2),
      lengths: Int32Array.from(sizes.lengths ?? new Array<number>(batch).fill(time)),
    },
    weights: {
      item: random([e, 4 * units], 'we') as Tensor2D,
      property: p > 0 ? (random([p, 4 * units], 'wp') as Tensor2D) : null,
      // Smaller for more units: a recurrence that is chaotic multiplies the rounding of each processor.
      recurrent: random([units, 4 * units], 'wh', 2 / Math.sqrt(Math.max(16, units))) as Tensor2D,
      bias: random([4 * units], 'b') as Tensor1D,
      peephole: peepholes ? (random([3, units], 'peephole') as Tensor2D) : null,
    },
  };
}
