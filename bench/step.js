/**
 * `node bench/step.js CONFIG PREPARED [batches] [build]`: trains on the first batches (45 by default) of prepared data and prints the
 * mean CPU and wall time of a step, the first five left out, as JSON. `build` is another compiled dist/ to measure.
 */
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const [file, prepared, count = '45', build = fileURLToPath(new URL('../dist', import.meta.url))] =
  process.argv.slice(2);
const load = (name) => import(pathToFileURL(resolve(build, `${name}.js`)).href);
const { loadConfig } = await load('config/load');
const { BatchSource } = await load('dataset/batch-source');
const { openPrepared } = await load('dataset/prepared');
const { modelShape } = await load('model/shape');
const { initialWeights } = await load('model/weights');
const { Optimizer } = await load('training/optimizer');
const { plansOf } = await load('training/plans');
const { stepOptions } = await load('training/step-options');
const { trainStep } = await load('training/steps');

const WARM_UP = 5;

const config = await loadConfig(file);
const weights = initialWeights(
  modelShape(config, openPrepared(prepared).manifest),
  1,
  config.model.embeddingDeviation,
);
const optimizer = new Optimizer(weights, config.train);
const options = stepOptions(config);
const source = new BatchSource(prepared);
const batches = [];
for await (const batch of source.batches(plansOf(config, null, false).training({ epoch: 0, batch: 0 }))) {
  batches.push(batch);
  if (batches.length === Number(count)) break;
}
// The thread that builds batches would count as well.
await source.close();

let total = { cpuMs: 0, wallMs: 0, samples: 0 };
for (const [at, batch] of batches.entries()) {
  const [cpu, wall] = [process.cpuUsage(), performance.now()];
  const { samples } = trainStep(weights, optimizer, batch, at + 1, options);
  const { user, system } = process.cpuUsage(cpu);
  if (at < WARM_UP) continue;
  total = {
    cpuMs: total.cpuMs + (user + system) / 1000,
    wallMs: total.wallMs + performance.now() - wall,
    samples: total.samples + samples,
  };
}
const steps = batches.length - WARM_UP;
const round = (value) => Number(value.toFixed(1));
console.log(
  JSON.stringify({
    steps,
    samplesPerStep: Math.round(total.samples / steps),
    cpuMs: round(total.cpuMs / steps),
    wallMs: round(total.wallMs / steps),
  }),
);
