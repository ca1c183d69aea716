/**
 * `node bench/kernels.js [repeats]`: our own kernels against TensorFlow's ops, forward and backward, in turn in one process; prints
 * medians of CPU time (which other programs disturb least) and of wall time as JSON. TF_NUM_INTRAOP_THREADS sets the threads.
 */

import { blockRecurrence } from '../dist/engine/block-recurrence.js';
import { kernels } from '../dist/engine/native.js';
import { nativeAttention } from '../dist/engine/native-attention.js';
import { nativeRecurrence } from '../dist/engine/native-recurrence.js';
import { plainAttention } from '../dist/engine/plain-attention.js';
import { tf } from '../dist/engine/tf.js';

const [repeats = '9'] = process.argv.slice(2);
let seed = 1;
const random = (...shape) => tf.randomNormal(shape, 0, 0.1, 'float32', seed++);
const integers = (count, end) =>
  tf.tidy(() => tf.randomUniform([count], 0, end, 'float32', seed++).floor().dataSync().slice());

/** The paper's sizes: 100 behaviours, e of 124 and p of 48 units, 128 units; two fifths of the items are distinct. */
const [time, batch, items, combinations, e, p, units, hidden] = [100, 256, 10_000, 48, 124, 48, 128, 64];
const lengths = new Int32Array(batch).fill(time);
const at = (end) => tf.tensor2d(Int32Array.from(integers(time * batch, end)), [time, batch], 'int32');
const histories = {
  ...{
    items: random(items, e),
    properties: random(combinations, p),
    itemAt: at(items),
    propertyAt: at(combinations),
  },
  lengths,
};
const weights = {
  ...{ item: random(e, 4 * units), property: random(p, 4 * units), recurrent: random(units, 4 * units) },
  ...{ bias: random(4 * units), peephole: null },
};
const vectors = [
  histories.items,
  histories.properties,
  weights.item,
  weights.property,
  weights.recurrent,
  weights.bias,
];

function question(perRequest) {
  const requestOf =
    perRequest > 0
      ? Int32Array.from({ length: batch * perRequest }, (_, i) => Math.floor(i / perRequest))
      : null;
  const queries = requestOf && random(requestOf.length, hidden);
  const inputs = {
    states: random(time, batch, units),
    keys: random(time, batch, hidden),
    score: random(hidden, 1),
  };
  return { ...inputs, queries, requestOf, lengths };
}

/** Forward and backward of a function of tensors. */
const step = (run, tensors, dy) => () => tf.tidy(() => void tf.engine().gradients(run, tensors, dy, true));

function attentionSteps(perRequest) {
  const inputs = question(perRequest);
  const { states, keys, score, queries, requestOf } = inputs;
  const tensors = [states, keys, score, ...(queries ? [queries] : [])];
  const dy = random(requestOf?.length ?? batch, units);
  return [nativeAttention, plainAttention].map((run) => step(() => run(inputs), tensors, dy));
}

const dh = random(time, batch, units);
const cases = {
  recurrence: [nativeRecurrence, blockRecurrence].map((run) =>
    step(() => run(histories, weights), vectors, dh),
  ),
  'recurrence, forward only': [nativeRecurrence, blockRecurrence].map(
    (run) => () => tf.tidy(() => void run(histories, weights)),
  ),
  attention: attentionSteps(0),
  'attention, 5 candidates per request': attentionSteps(5),
};

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
const cpuMs = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

const found = kernels();
if (found.kind !== 'native') throw new Error(`our own kernels do not run: ${found.reason}`);
const result = {};
for (const [name, runs] of Object.entries(cases)) {
  const times = runs.map(() => ({ cpu: [], wall: [] }));
  for (let k = 0; k <= Number(repeats); k++) {
    for (const [which, run] of runs.entries()) {
      const [cpu, wall] = [cpuMs(), performance.now()];
      run();
      if (k === 0) continue;
      times[which].cpu.push(cpuMs() - cpu);
      times[which].wall.push(performance.now() - wall);
    }
  }
  const of = (kind) => {
    const [native, block] = times.map((each) => median(each[kind]));
    return {
      native: Number(native.toFixed(1)),
      block: Number(block.toFixed(1)),
      ratio: Number((block / native).toFixed(2)),
    };
  };
  result[name] = { cpuMs: of('cpu'), wallMs: of('wall') };
}
const threads = process.env.TF_NUM_INTRAOP_THREADS ?? 'all';
console.log(JSON.stringify({ instructions: found.instructions, threads, ...result }, null, 1));
