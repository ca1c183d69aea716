/** Encoding in requests a second: from prepared data to rep, without samples or towers, beside the good PyTorch model. */

import { medianSpeed, ratioOf, takeTurns } from '../compare.js';
import { encodingFlops } from '../flops.js';
import { trainingData } from '../prepare.js';
import { say } from '../say.js';
import { OURS, startOurs, startTorch } from '../sides.js';
import { THREADS } from '../threads.js';

const TUNED = 'torch tuned';

const requestsPerSecond = ({ requests, seconds }) => requests / seconds;

export async function encode({ quick, ...context }) {
  const settings = quick
    ? { rounds: 3, repeats: 0, seconds: 5, warmUp: 5 }
    : { rounds: 5, repeats: 10, seconds: 20, warmUp: 20 };
  const { config, prepared } = await trainingData(context);
  const measured = [];
  for (const threads of THREADS) {
    say(`encoding on ${threads} threads`);
    const ours = await startOurs('encode', { config }, threads);
    const peer = await startTorch(TUNED, context.python, 'encode', 'tuned', prepared, threads);
    try {
      for (const side of [ours, peer]) await side.ask({ steps: settings.warmUp });
      const slices = await takeTurns(ours, [peer], settings, { seconds: settings.seconds });
      const speeds = Object.fromEntries(
        [OURS, TUNED].map((name) => [name, medianSpeed(slices, name, requestsPerSecond)]),
      );
      const mine = slices.filter(({ side }) => side === OURS);
      const mean = (key) =>
        mine.reduce((sum, slice) => sum + slice[key], 0) /
        mine.reduce((sum, { requests }) => sum + requests, 0);
      const flopsPerRequest = encodingFlops({
        events: mean('events'),
        distinctItems: mean('distinctItems'),
        samples: 0,
      });
      measured.push({
        threads,
        unit: 'requests/s',
        speeds,
        comparisons: [{ peer: TUNED, ratio: ratioOf(slices, OURS, TUNED, requestsPerSecond) }],
        arithmetic: { flopsPerRequest, usefulGflops: { dupn: speeds[OURS] * flopsPerRequest * 1e-9 } },
        slices,
      });
    } finally {
      await ours.close();
      await peer.close();
    }
  }
  return {
    settings,
    measured,
    ratios: { encodeVsTorchTuned: measured.at(-1).comparisons[0].ratio.median },
  };
}
