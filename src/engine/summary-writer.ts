/** An event file of scalars, which TensorBoard reads, by TensorFlow's own summary kernels. */
import { randomUUID } from 'node:crypto';
import type { Tensor } from '@tensorflow/tfjs-node';
import { attribute, FLOAT, kernel, kernelOne } from './kernel.js';
import { tf } from './tf.js';

/** Scalars are held back up to `flush`, but for so many or so long at most: the kernel wants to know. */
const MAX_QUEUE = 1_000_000;
const MAX_QUEUE_MS = 120_000;

/**
 * Beside `tf.node.summaryFileWriter`: that one keeps a writer for each folder as long as the process lives, and would go on
 * with a file that has been removed.
 */
export class SummaryWriter {
  readonly #writer: Tensor;

  /** Makes the folder where it is missing, and a file of its own in it. @throws Error when it cannot be written */
  constructor(folder: string) {
    this.#writer = tf.keep(
      kernelOne(
        'SummaryWriter',
        [attribute.string('container', ''), attribute.string('shared_name', randomUUID())],
        [],
      ),
    );
    try {
      tf.tidy(() => {
        const queue = [tf.scalar(MAX_QUEUE, 'int32'), tf.scalar(MAX_QUEUE_MS, 'int32')];
        kernel(
          'CreateSummaryFileWriter',
          [],
          [this.#writer, tf.scalar(folder), ...queue, tf.scalar('.v2')],
          0,
        );
      });
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** The value of `tag` at a step, as float32, with the time of the call. */
  scalar(tag: string, value: number, step: number): void {
    tf.tidy(() => {
      const inputs = [this.#writer, { int64: step }, tf.scalar(tag), tf.scalar(value, 'float32')];
      kernel('WriteScalarSummary', [attribute.type('T', FLOAT)], inputs, 0);
    });
  }

  /** @throws Error when what was held back cannot be written */
  flush(): void {
    kernel('FlushSummaryWriter', [], [this.#writer], 0);
  }

  /** Closes the file and frees the writer: disposing the handle alone would not. */
  close(): void {
    kernel('DestroyResourceOp', [attribute.bool('ignore_lookup_error', true)], [this.#writer], 0);
    this.#writer.dispose();
  }
}
