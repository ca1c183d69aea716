/** Whether memory stays as it is over many steps: of the process, and tensors of the engine. */

import { trainingData } from '../prepare.js';
import { say } from '../say.js';
import { startOurs } from '../sides.js';
import { ALL_THREADS } from '../threads.js';

const CHECKPOINTS = 20;

export async function memory({ quick, steps = quick ? 100 : 10_000, ...context }) {
  const { config } = await trainingData(context);
  say(`memory over ${steps} steps`);
  const ours = await startOurs('train', { config }, ALL_THREADS);
  const points = [];
  try {
    for (let point = 1; point <= CHECKPOINTS; point++) {
      const { rssBytes, numTensors, numBytes, seconds } = await ours.ask({
        steps: Math.ceil(steps / CHECKPOINTS),
      });
      points.push({ step: point * Math.ceil(steps / CHECKPOINTS), rssBytes, numTensors, numBytes, seconds });
    }
  } finally {
    await ours.close();
  }
  // What the first tenth takes is the engine's own caches.
  const settled = points[CHECKPOINTS / 10];
  const last = points.at(-1);
  return {
    settings: { steps },
    rssGrowthBytes: last.rssBytes - settled.rssBytes,
    rssGrowthShare: last.rssBytes / settled.rssBytes - 1,
    tensorGrowth: last.numTensors - settled.numTensors,
    points,
  };
}
