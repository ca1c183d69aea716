/** Runs the recurrence and the attention in a process of its own, with other threads or kernels than this one. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Kernels } from '../../src/engine/native.js';

export interface Found {
  readonly kernels: Kernels;
  /** Hash of all states, representations and gradients. */
  readonly bits: string;
  /** Their sums. */
  readonly sums: readonly number[];
}

const PROGRAM = `
const [folder] = process.argv.slice(1);
const load = (name) => import(folder + name + '.js');
const { createHash } = await import('node:crypto');
const { kernels } = await load('native');
const { recurrence } = await load('recurrence');
const { attention } = await load('attention');
const { tf } = await load('tf');
let seed = 1;
const random = (...shape) => tf.randomNormal(shape, 0, 0.3, 'float32', seed++);
const [time, batch, units, items, properties, hidden] = [11, 150, 40, 60, 5, 13];
const at = (rows, step) => tf.tensor2d(Int32Array.from({ length: time * batch }, (_, i) => (i * step) % rows), [time, batch], 'int32');
const lengths = Int32Array.from({ length: batch }, (_, row) => (row * 7) % (time + 1));
const requestOf = Int32Array.from({ length: 400 }, (_, i) => (i * 11) % batch);
const vectors = [random(items, 9), random(properties, 4), random(9, 4 * units), random(4, 4 * units), random(units, 4 * units), random(4 * units), random(3, units)];
const rest = [random(units, hidden), random(400, hidden), random(hidden, 1)];
const { value, grads } = tf.valueAndGrads((items, properties, item, property, recurrent, bias, peephole, key, queries, score) => {
  const states = recurrence({ items, properties, itemAt: at(60, 7), propertyAt: at(5, 3), lengths }, { item, property, recurrent, bias, peephole });
  const keys = tf.matMul(states.reshape([time * batch, units]), key).reshape([time, batch, hidden]);
  return tf.sum(attention({ states, keys, queries, requestOf, score, lengths }).square());
})([...vectors, ...rest]);
const all = [value, ...grads].map((tensor) => tensor.dataSync());
const hash = createHash('sha256');
for (const numbers of all) hash.update(numbers);
console.log(JSON.stringify({ kernels: kernels(), bits: hash.digest('hex'), sums: all.map((numbers) => numbers.reduce((a, b) => a + b, 0)) }));
`;

const engine = new URL('../../dist/engine/', import.meta.url);

/** @throws Error with what the process said on stderr */
export function nativeInProcess({
  threads,
  kernels,
}: {
  readonly threads: number;
  readonly kernels?: string;
}): Found {
  const env = {
    ...process.env,
    TF_NUM_INTRAOP_THREADS: String(threads),
    TF_NUM_INTEROP_THREADS: '1',
    DUPN_KERNELS: kernels ?? '',
  };
  const args = ['--input-type=module', '-e', PROGRAM, fileURLToPath(engine)];
  return JSON.parse(execFileSync(process.execPath, args, { env, encoding: 'utf8', stdio: 'pipe' })) as Found;
}
