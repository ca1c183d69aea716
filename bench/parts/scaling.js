/**
 * How the time of a training step grows: by sequence length, batch size, rows of the item table and number of tasks. The first
 * value of each takes turns with the others.
 */
import { medianSpeed, ratioOf, takeTurns } from '../compare.js';
import { BATCH_REQUESTS, SIZES, TASKS } from '../config.js';
import { trainingData } from '../prepare.js';
import { say } from '../say.js';
import { startOurs } from '../sides.js';
import { ALL_THREADS } from '../threads.js';

const requestsPerSecond = ({ requests, seconds }) => requests / seconds;
const stepsPerSecond = ({ steps, seconds }) => steps / seconds;
const samplesPerSecond = ({ samples, seconds }) => samples / seconds;

/** A small table has no room for the distinct items of a large batch. */
const SMALL_BATCH = 'train.batchRequests=128';

export async function scaling({ quick, ...context }) {
  const settings = {
    ...(quick
      ? { rounds: 1, repeats: 0, seconds: 3, warmUp: 2 }
      : { rounds: 3, repeats: 6, seconds: 8, warmUp: 10 }),
    length: quick ? [25, SIZES.maxEvents] : [12, 25, 50, 75, SIZES.maxEvents],
    batch: quick ? [64, BATCH_REQUESTS] : [32, 64, 128, BATCH_REQUESTS, 512],
    itemRows: quick ? [20_000, 1_000_000] : [10_000, 100_000, 1_000_000, 10_000_000],
    tasks: quick ? [1, 4] : [1, 2, 4, TASKS.length],
  };
  const { config } = await trainingData(context);
  const workers = {
    length: (events) => ({ config, set: [`model.maxEvents=${events}`] }),
    batch: (requests) => ({ config, set: [`train.batchRequests=${requests}`] }),
    itemRows: (itemRows) => ({ config, set: [SMALL_BATCH], itemRows }),
    tasks: (tasks) => ({ config, set: [`train.tasks=[${TASKS.slice(0, tasks)}]`] }),
  };
  const series = {};
  for (const [name, workerOf] of Object.entries(workers)) {
    say(`training step by ${name}`);
    series[name] = await stepsBy(name, workerOf, settings);
  }
  return { settings, series };
}

/** Of each value: time of a step and of a sample, and time of a request over that of the first value. */
async function stepsBy(name, workerOf, settings) {
  const { seconds, warmUp, [name]: values, ...turns } = settings;
  const sides = [];
  try {
    for (const value of values) {
      const side = { ...(await startOurs('train', workerOf(value), ALL_THREADS)), name: `${name} ${value}` };
      sides.push(side);
      await side.ask({ steps: warmUp });
    }
    const [first, ...others] = sides;
    const slices = await takeTurns(first, others, turns, { seconds });
    const points = sides.map((side, at) => {
      const mine = slices.filter((slice) => slice.side === side.name);
      return {
        value: values[at],
        millisecondsPerStep: 1000 / medianSpeed(slices, side.name, stepsPerSecond),
        microsecondsPerSample: 1e6 / medianSpeed(slices, side.name, samplesPerSecond),
        timeOverFirst: at === 0 ? null : ratioOf(slices, first.name, side.name, requestsPerSecond),
        peakRssBytes: Math.max(...mine.map(({ peakRssBytes }) => peakRssBytes)),
      };
    });
    return { points, slices };
  } finally {
    for (const side of sides) await side.close();
  }
}
