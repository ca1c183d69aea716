/**
 * Our side of a comparison: the training step, or the encoding, of the product on prepared data. It answers commands (side.js):
 * {seconds} or {steps} goes on for so long; {matMul: n} measures the product of two n by n matrices.
 *
 *     node bench/workers/dupn.js train|encode '{"config": FILE, "set": [...], "itemRows": ROWS}'
 *
 * `itemRows` gives the table of item ids another number of rows than the data has: the distinct rows of a batch are then spread
 * evenly over it.
 */
import { createInterface } from 'node:readline';
import { loadConfig } from '../../dist/config/load.js';
import { BatchSource } from '../../dist/dataset/batch-source.js';
import { openPrepared } from '../../dist/dataset/prepared.js';
import { tf } from '../../dist/engine/tf.js';
import { representBatch } from '../../dist/model/represent.js';
import { modelShape } from '../../dist/model/shape.js';
import { initialWeights } from '../../dist/model/weights.js';
import { Optimizer } from '../../dist/training/optimizer.js';
import { planFor } from '../../dist/training/plans.js';
import { stepOptions } from '../../dist/training/step-options.js';
import { trainSteps } from '../../dist/training/steps.js';

const ITEM_TABLE = 'item/item';
const [mode, given] = process.argv.slice(2);
const { config: file, set = [], itemRows } = JSON.parse(given);
const config = await loadConfig(file, { set });
const folder = `${config.preprocess.folder}/${config.name}`;
const { manifest } = openPrepared(folder);
const shape = modelShape(config, manifest);
const sized = itemRows
  ? {
      ...shape,
      itemFields: shape.itemFields.map((field) =>
        field.table === ITEM_TABLE ? { ...field, rows: itemRows } : field,
      ),
    }
  : shape;
const weights = initialWeights(sized, config.train.seed, config.model.embeddingDeviation);
const source = new BatchSource(folder);
/** What the slice at hand has read. */
let read = fresh();

function fresh() {
  return { requests: 0, samples: 0, events: 0, paddedEvents: 0, distinctItems: 0 };
}

/** Epoch after epoch without an end. */
async function* batches() {
  for (let epoch = 0; ; epoch++) {
    const shuffle = mode === 'train' ? { seed: config.train.seed, epoch } : null;
    for await (const batch of source.batches(planFor(config, 'training', shuffle))) {
      read.requests += batch.lengths.length;
      read.samples += Object.values(batch.tasks).reduce((sum, { label }) => sum + label.length, 0);
      read.events += batch.lengths.reduce((sum, length) => sum + length, 0);
      read.paddedEvents += batch.steps * batch.lengths.length;
      read.distinctItems += batch.items.numItems;
      yield itemRows ? spread(batch) : batch;
    }
  }
}

/** The distinct item ids of a batch at random places of the larger (or smaller) table, each once. */
function spread(batch) {
  const rows = batch.tables[ITEM_TABLE];
  if (rows.length > itemRows) throw new Error(`a batch has ${rows.length} item ids, the table ${itemRows}`);
  const stride = itemRows / rows.length;
  const moved = rows.map((_, at) => Math.min(itemRows - 1, Math.floor((at + Math.random()) * stride)));
  return { ...batch, tables: { ...batch.tables, [ITEM_TABLE]: moved } };
}

async function* encoded() {
  for await (const batch of batches()) yield representBatch(weights, batch, 'none');
}

const optimizer = mode === 'train' ? new Optimizer(weights, config.train) : null;
const work = mode === 'train' ? trainSteps(weights, optimizer, batches(), 1, stepOptions(config)) : encoded();

async function go({ seconds = Number.POSITIVE_INFINITY, steps = Number.POSITIVE_INFINITY }) {
  read = fresh();
  const waited = source.waitedMs;
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  let done = 0;
  while (done < steps && performance.now() - startMs < 1000 * seconds) {
    await work.next();
    done++;
  }
  const elapsedMs = performance.now() - startMs;
  const { user, system } = process.cpuUsage(cpu);
  const { numTensors, numBytes } = tf.memory();
  return {
    steps: done,
    seconds: elapsedMs / 1000,
    cpuSeconds: (user + system) / 1e6,
    ...read,
    waitingShare: (source.waitedMs - waited) / elapsedMs,
    rssBytes: process.memoryUsage().rss,
    peakRssBytes: 1024 * process.resourceUsage().maxRSS,
    numTensors,
    numBytes,
  };
}

/** GFLOP/s of the best of ten products, after one that is not counted. */
function matMul(n) {
  const [a, b] = [tf.randomUniform([n, n]), tf.randomUniform([n, n])];
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run <= 10; run++) {
    const startMs = performance.now();
    tf.tidy(() => tf.matMul(a, b));
    if (run > 0) best = Math.min(best, performance.now() - startMs);
  }
  tf.dispose([a, b]);
  return { gflops: (2 * n ** 3) / best / 1e6 };
}

const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);
say({
  tensorflow: tf.backend().binding.TF_Version,
  rssBytes: process.memoryUsage().rss,
  tables: Object.fromEntries([...weights.tables].map(([name, table]) => [name, table.shape])),
});
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  say(command.matMul ? matMul(command.matMul) : await go(command));
}
await source.close();
