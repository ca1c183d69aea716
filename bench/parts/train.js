/** The training step in samples a second, beside three peers in PyTorch; what share of the machine's matrix products it reaches. */

import { medianSpeed, ratioOf, takeTurns } from '../compare.js';
import { forwardFlops, trainingFlops } from '../flops.js';
import { trainingData } from '../prepare.js';
import { say } from '../say.js';
import { OURS, startDien, startOurs, startTorch } from '../sides.js';
import { ALL_THREADS, THREADS } from '../threads.js';

const TUNED = 'torch tuned';
const PLAIN = 'torch plain';
const DIEN = 'deepctr-torch DIEN';
const MATRIX = 2048;

const samplesPerSecond = ({ samples, seconds }) => samples / seconds;

export async function train({ quick, ...context }) {
  const settings = quick
    ? { rounds: 2, repeats: 0, seconds: 5, warmUp: 3 }
    : { rounds: 5, repeats: 20, seconds: 20, warmUp: 10 };
  const data = await trainingData(context);
  const measured = [];
  for (const threads of THREADS) measured.push(await compareAt(threads, settings, data, context.python));
  const { comparisons } = measured.at(-1);
  const ratio = (peer) => comparisons.find((one) => one.peer === peer).ratio.median;
  return {
    settings,
    measured,
    ratios: {
      trainVsTorchPlain: ratio(PLAIN),
      trainVsTorchTuned: ratio(TUNED),
      trainVsDeepctrDien: ratio(DIEN),
    },
  };
}

async function compareAt(threads, { seconds, warmUp, ...turns }, { config, prepared }, python) {
  say(`training step on ${threads} of ${ALL_THREADS} threads`);
  const ours = await startOurs('train', { config }, threads);
  const peers = [
    await startTorch(TUNED, python, 'train', 'tuned', prepared, threads),
    await startTorch(PLAIN, python, 'train', 'plain', prepared, threads),
    await startDien(DIEN, python, prepared, threads),
  ];
  try {
    for (const side of [ours, ...peers]) await side.ask({ steps: side.name === DIEN ? 1 : warmUp });
    const products = {
      tensorflow: (await ours.ask({ matMul: MATRIX })).gflops,
      torch: (await peers[0].ask({ matMul: MATRIX })).gflops,
    };
    const slices = await takeTurns(ours, peers, turns, { seconds });
    // The machine may have slowed down or sped up meanwhile.
    products.tensorflow = Math.max(products.tensorflow, (await ours.ask({ matMul: MATRIX })).gflops);
    products.torch = Math.max(products.torch, (await peers[0].ask({ matMul: MATRIX })).gflops);
    const speeds = Object.fromEntries(
      [ours, ...peers].map(({ name }) => [name, medianSpeed(slices, name, samplesPerSecond)]),
    );
    return {
      threads,
      unit: 'samples/s',
      speeds,
      comparisons: peers.map(({ name }) => ({
        peer: name,
        ratio: ratioOf(slices, OURS, name, samplesPerSecond),
      })),
      arithmetic: arithmetic(slices, speeds, products),
      slices,
    };
  } finally {
    for (const side of [ours, ...peers]) await side.close();
  }
}

/** Means of a request over our slices, and the useful operations that follow. */
function arithmetic(slices, speeds, products) {
  const mine = slices.filter(({ side }) => side === OURS);
  const total = (key) => mine.reduce((sum, slice) => sum + slice[key], 0);
  const means = Object.fromEntries(
    ['events', 'paddedEvents', 'distinctItems', 'samples'].map((key) => [
      key,
      total(key) / total('requests'),
    ]),
  );
  const perRequest = trainingFlops(means);
  const gflops = (samples) => (samples / means.samples) * perRequest * 1e-9;
  return {
    means,
    forward: forwardFlops(means),
    flopsPerRequest: perRequest,
    sgemmGflops: products,
    usefulGflops: { dupn: gflops(speeds[OURS]), torchTuned: gflops(speeds[TUNED]) },
    share: {
      dupn: gflops(speeds[OURS]) / products.tensorflow,
      torchTuned: gflops(speeds[TUNED]) / products.torch,
    },
  };
}
