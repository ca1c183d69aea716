/**
 * `node bench/cluster-model.js CLUSTER.json COLLECTIVES.json`: the model of the cost in docs/distributed.md, fed with what
 * bench/cluster.js and bench/collectives.js have measured. Prints what it says of the collective operations that were measured, and of
 * a step of many processes.
 *
 * A message between two processes takes a + bytes / b, whatever else is under way. An all-reduce is a ring of 2 (n - 1) messages of 1 / n
 * of the bytes, an all-gather one of n - 1 with all bytes, an all-to-all n - 1 messages from each with 1 / n of the bytes, one after the
 * other. a and b of each come from its times with two processes.
 */
import { readFileSync } from 'node:fs';
import { formatMarkdownTable } from '../dist/common/markdown-table.js';

const [cluster, collectives] = process.argv.slice(2, 4).map((path) => JSON.parse(readFileSync(path, 'utf8')));

const SHAPES = {
  allReduce: (n) => ({ messages: 2 * (n - 1), share: 1 / n }),
  allGather: (n) => ({ messages: n - 1, share: 1 }),
  allToAll: (n) => ({ messages: n - 1, share: 1 / n }),
};

/** Milliseconds of a message, and bytes of a millisecond, of each operation. */
const rates = Object.fromEntries(
  Object.entries(SHAPES).map(([operation, shape]) => {
    const pair = collectives.filter((row) => row.workers === 2 && row.operation === operation);
    const [least, most] = [pair[0], pair.at(-1)];
    const { messages, share } = shape(2);
    const bytesPerMs = (messages * share * (most.bytes - least.bytes)) / (most.ms - least.ms);
    return [operation, { messageMs: least.ms / messages - (share * least.bytes) / bytesPerMs, bytesPerMs }];
  }),
);

/** `bytes` are what each hands over. */
function msOf(operation, n, bytes) {
  const { messages, share } = SHAPES[operation](n);
  const { messageMs, bytesPerMs } = rates[operation];
  return messages * (messageMs + (share * bytes) / bytesPerMs);
}

const round = (value) => (value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString('en'));

console.log('\n### What a message takes\n');
console.log(
  formatMarkdownTable(
    ['operation', 'ms', 'MB/s'],
    Object.entries(rates).map(([operation, { messageMs, bytesPerMs }]) => [
      operation,
      messageMs.toFixed(2),
      round(bytesPerMs / 1000),
    ]),
  ),
);

console.log('\n### The model beside what was measured\n');
console.log(
  formatMarkdownTable(
    ['operation', 'processes', 'bytes', 'measured, ms', 'model, ms'],
    collectives
      .filter(({ workers }) => workers > 2)
      .map(({ operation, workers, bytes, ms }) => [
        operation,
        workers,
        bytes.toLocaleString('en'),
        round(ms),
        round(msOf(operation, workers, bytes)),
      ]),
  ),
);

const find = (workers, mode) => cluster.find((row) => row.workers === workers && row.mode === mode);
const alone = cluster.find(({ workers }) => workers === 1);
const { samplesPerStep } = alone;
const stepMs = (1000 * samplesPerStep) / alone.samplesPerSecond;
const pair = find(2, 'replicated').exchange;
const tables = pair['numbers of rows'].bytes / 4;
const denseBytes = pair['dense gradients'].bytes;
// A process that makes steps of its own reads the rows of a whole batch, as each of many with a batch of its own would.
const rowBytes = find(2, 'asynchronous').exchange['row gradients to servers'].bytes;
const numberBytes = (pair['row numbers'].bytes * rowBytes) / pair['row gradients'].bytes;

const PARTS = {
  replicated: (n) => ({
    dense: msOf('allReduce', n, denseBytes),
    rows: msOf('allGather', n, numberBytes) + msOf('allGather', n, rowBytes),
    // Sample counts; numbers of rows, and whether to go on.
    small: msOf('allGather', n, 32) + msOf('allGather', n, 4 * tables) + msOf('allGather', n, 8),
  }),
  sharded: (n) => ({
    dense: msOf('allReduce', n, denseBytes),
    rows: msOf('allToAll', n, numberBytes) + 2 * msOf('allToAll', n, rowBytes),
    // Sample counts, and norms; numbers of rows for each holder, and whether to go on.
    small: 2 * msOf('allGather', n, 32) + msOf('allGather', n, 4 * tables * n) + msOf('allGather', n, 8),
  }),
};

console.log(
  `\n### A step of ${samplesPerStep} samples in each process, ${round(stepMs)} ms of it the work of one\n`,
);
const rows = [];
for (const [mode, partsOf] of Object.entries(PARTS)) {
  for (const n of [2, 4, 10, 100, 2000]) {
    const parts = partsOf(n);
    const ms = stepMs + parts.dense + parts.rows + parts.small;
    rows.push([
      mode,
      n,
      ...[parts.dense, parts.rows, parts.small, ms].map(round),
      round((1000 * n * samplesPerStep) / ms),
      `${((100 * stepMs) / ms).toFixed(ms > 10 * stepMs ? 1 : 0)} %`,
    ]);
  }
}
console.log(
  formatMarkdownTable(
    [
      'tables',
      'processes',
      'dense, ms',
      'rows, ms',
      'small messages, ms',
      'step, ms',
      'samples/s',
      'share of the work',
    ],
    rows,
  ),
);
