/** How the time of a training step grows: by sequence length, batch size, rows of the item table and number of tasks. */

import { takeTurns } from '../compare.js';
import { BATCH_REQUESTS, SIZES, TASKS } from '../config.js';
import { trainingData } from '../prepare.js';
import { say } from '../say.js';
import { startOurs } from '../sides.js';
import { ALL_THREADS } from '../threads.js';

export async function scaling({ quick, ...context }) {
  const settings = {
    ...(quick ? { seconds: 4, warmUp: 3, repeats: 0 } : { seconds: 15, warmUp: 10, repeats: 2 }),
    lengths: quick ? [25, SIZES.maxEvents] : [12, 25, 50, 75, SIZES.maxEvents],
    batches: quick ? [64, BATCH_REQUESTS] : [32, 64, 128, BATCH_REQUESTS, 512],
    itemRows: quick ? [20_000, 1_000_000] : [10_000, 100_000, 1_000_000, 10_000_000],
    tasks: quick ? [1, 4] : [1, 2, 4, TASKS.length],
  };
  const { config } = await trainingData(context);
  const measure = (set, itemRows) => stepOf({ config, set, ...(itemRows && { itemRows }) }, settings);
  const series = {};
  const each = async (name, values, settingsOf) => {
    series[name] = [];
    for (const value of values) {
      say(`training step with ${name} ${value}`);
      series[name].push({ [name]: value, ...(await settingsOf(value)) });
    }
  };
  await each('length', settings.lengths, (length) => measure([`model.maxEvents=${length}`]));
  await each('batch', settings.batches, (requests) => measure([`train.batchRequests=${requests}`]));
  // A small table has no room for the distinct items of a large batch.
  await each('itemRows', settings.itemRows, (rows) => measure(['train.batchRequests=128'], rows));
  await each('tasks', settings.tasks, (tasks) => measure([`train.tasks=[${TASKS.slice(0, tasks)}]`]));
  return { settings, series };
}

/** Milliseconds a step and microseconds a request. */
async function stepOf(worker, { seconds, warmUp, repeats }) {
  const ours = await startOurs('train', worker, ALL_THREADS);
  try {
    await ours.ask({ steps: warmUp });
    const [slice] = await takeTurns(ours, [], { rounds: 0, repeats }, { seconds });
    return {
      millisecondsPerStep: (1000 * slice.seconds) / slice.steps,
      microsecondsPerRequest: (1e6 * slice.seconds) / slice.requests,
      microsecondsPerSample: (1e6 * slice.seconds) / slice.samples,
      rssBytes: slice.rssBytes,
      slice,
    };
  } finally {
    await ours.close();
  }
}
