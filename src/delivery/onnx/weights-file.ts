/** The weights of all graphs of an export in one file, a table in chunks of rows. */
import { open } from 'node:fs/promises';
import type { ModelWeights } from '../../model/weights.js';
import type { StoredWeight } from './graph.js';
import { lstmWeights } from './lstm-weights.js';

/** Where weights begin: pages, so that a runtime may map the file. */
const ALIGNMENT = 4096;

export async function writeWeights(
  path: string,
  weights: ModelWeights,
): Promise<ReadonlyMap<string, StoredWeight>> {
  const stored = new Map<string, StoredWeight>();
  const file = await open(path, 'w');
  let end = 0;
  const begin = (name: string, dims: readonly number[]) => {
    const offset = Math.ceil(end / ALIGNMENT) * ALIGNMENT;
    const bytes = 4 * dims.reduce((a, b) => a * b, 1);
    stored.set(name, { dims, offset, bytes });
    end = offset + bytes;
    return offset;
  };
  const put = async (values: Float32Array, position: number) => {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
      done += bytesWritten;
    }
  };
  try {
    for (const [name, { dims, values }] of lstmWeights(weights)) await put(values, begin(name, dims));
    for (const variables of [weights.dense, weights.statistics, weights.tables]) {
      for (const [name, variable] of variables) {
        // Of the loss alone, or of the recurrence, which has them in ONNX's order.
        if (name.startsWith('uncertainty/') || name.startsWith('lstm/')) continue;
        const offset = begin(name, variable.shape);
        const rowBytes = variable.shape.slice(1).reduce((a, b) => a * b, 4);
        for (const [start, last] of variable.chunks())
          await put(variable.readRows(start, last), offset + start * rowBytes);
      }
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return stored;
}
