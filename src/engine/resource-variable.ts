/**
 * A float32 tensor that lives in TensorFlow's memory (a resource variable), read and written whole or by rows,
 * without ever being copied to be updated.
 */
import { randomUUID } from 'node:crypto';
import type { Tensor } from '@tensorflow/tfjs-node';
import { attribute, FLOAT, INT32, kernel, kernelOne } from './kernel.js';
import { numbers } from './numbers.js';
import { type RowPart, rowsOfPart, WHOLE } from './row-part.js';
import { tf } from './tf.js';

const VARIABLE = [attribute.type('dtype', FLOAT)];
const GATHER = [
  attribute.int('batch_dims', 0),
  attribute.bool('validate_indices', true),
  attribute.type('dtype', FLOAT),
  attribute.type('Tindices', INT32),
];
const SCATTER = [attribute.type('dtype', FLOAT), attribute.type('Tindices', INT32)];

/** Rows written at a time when a large variable is filled or copied: 64 MiB of floats. */
const CHUNK_FLOATS = 1 << 24;

const floatsPerRow = (shape: readonly number[]) => shape.slice(1).reduce((a, b) => a * b, 1);

/** Ranges of the rows of a shape small enough to pass through a buffer, in order: [start, end). */
export function* chunksOf(shape: readonly number[]): Generator<readonly [number, number]> {
  const rows = shape[0] ?? 1;
  const step = Math.max(1, Math.floor(CHUNK_FLOATS / floatsPerRow(shape)));
  for (let start = 0; start < rows; start += step) yield [start, Math.min(rows, start + step)];
}

export class ResourceVariable {
  /** The handle that kernels take as their resource input. */
  readonly handle: Tensor;
  /** Of what is here. */
  readonly shape: readonly number[];
  #disposed = false;

  /**
   * A variable of zeros. Handles are found by name inside TensorFlow, so the name is made unique in the process:
   * two variables never share memory. `part` tells which rows of the `whole` are here.
   */
  constructor(
    readonly whole: readonly number[],
    readonly part: RowPart = WHOLE,
  ) {
    const [rows, ...row] = whole;
    this.shape = rows === undefined ? [] : [rowsOfPart(rows, part), ...row];
    this.handle = tf.keep(
      kernelOne(
        'VarHandleOp',
        [
          attribute.string('container', ''),
          attribute.string('shared_name', randomUUID()),
          attribute.type('dtype', FLOAT),
          attribute.shape('shape', this.shape),
        ],
        [],
      ),
    );
    tf.tidy(() => this.assign(tf.fill([...this.shape], 0)));
  }

  get #floatsPerRow(): number {
    return floatsPerRow(this.shape);
  }

  /** The whole value; shares the variable's memory until the next update. The caller's scope owns it. */
  read(): Tensor {
    return kernelOne('ReadVariableOp', VARIABLE, [this.handle]);
  }

  /** Sets the whole value, of the variable's shape. */
  assign(value: Tensor): void {
    if (value.shape.join() !== this.shape.join()) {
      throw new RangeError(
        `a variable of shape [${this.shape}] was assigned a value of shape [${value.shape}]`,
      );
    }
    kernel('AssignVariableOp', VARIABLE, [this.handle, value], 0);
  }

  /** Rows `indices` (int32 [n]) as [n, ...row]. */
  gather(indices: Tensor): Tensor {
    return kernelOne('ResourceGather', GATHER, [this.handle, indices]);
  }

  /** Overwrites the rows `indices` (int32 [n]) with `values` [n, ...row]. */
  scatter(indices: Tensor, values: Tensor): void {
    kernel('ResourceScatterUpdate', SCATTER, [this.handle, indices, values], 0);
  }

  /** Ranges of rows small enough to pass through a buffer, in order: [start, end). */
  chunks(): Generator<readonly [number, number]> {
    return chunksOf(this.shape);
  }

  /** The rows [start, end) as numbers in a row. */
  readRows(start: number, end: number): Float32Array {
    const whole = start === 0 && end === (this.shape[0] ?? 1);
    return numbers(() => (whole ? this.read() : this.gather(tf.range(start, end, 1, 'int32'))));
  }

  /** Overwrites the rows from `start` on with the numbers of whole rows. */
  writeRows(start: number, values: Float32Array): void {
    const rows = values.length / this.#floatsPerRow;
    tf.tidy(() => {
      const tensor = tf.tensor(values, [rows, ...this.shape.slice(1)], 'float32');
      if (rows === this.shape[0]) this.assign(tensor);
      else this.scatter(tf.range(start, start + rows, 1, 'int32'), tensor);
    });
  }

  /** Frees the memory: disposing the handle alone would not. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    kernel('DestroyResourceOp', [attribute.bool('ignore_lookup_error', true)], [this.handle], 0);
    this.handle.dispose();
  }
}
