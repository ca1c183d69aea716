/** Training with an item table of 50 million rows of 32 units: what memory it takes beside the table and its slot. */
import { freemem } from 'node:os';
import { takeTurns } from '../compare.js';
import { SIZES } from '../config.js';
import { trainingData } from '../prepare.js';
import { say } from '../say.js';
import { startOurs } from '../sides.js';
import { ALL_THREADS } from '../threads.js';

const ROWS = 50_000_000;
const GOAL_BESIDE_BYTES = 2e9;
const SMALL_ROWS = 100_000;

export async function largeTable({ quick, ...context }) {
  const rows = quick ? 2_000_000 : ROWS;
  const bytes = rows * SIZES.item.item * 4;
  const needed = 2 * bytes + 2 * GOAL_BESIDE_BYTES;
  if (freemem() < needed) {
    const gigabytes = (value) => (value / 1e9).toFixed(1);
    const reason = `needs ${gigabytes(needed)} GB of free memory, there are ${gigabytes(freemem())} GB`;
    say(`table of ${rows} rows: left out, it ${reason}`);
    return { settings: { rows }, leftOut: reason };
  }
  const settings = { rows, seconds: quick ? 5 : 60, warmUp: quick ? 3 : 10, repeats: quick ? 0 : 2 };
  const { config } = await trainingData(context);
  say(`training with a table of ${rows} rows`);
  const large = await measure({ config, itemRows: rows }, settings);
  const small = await measure({ config, itemRows: SMALL_ROWS }, settings);
  return {
    settings,
    tableAndSlotBytes: 2 * bytes,
    peakRssBytes: large.peakRssBytes,
    besideBytes: large.peakRssBytes - 2 * bytes,
    goalBesideBytes: GOAL_BESIDE_BYTES,
    stepTimeOverSmallTable: large.millisecondsPerStep / small.millisecondsPerStep,
    large,
    small: { rows: SMALL_ROWS, ...small },
  };
}

async function measure(worker, { seconds, warmUp, repeats }) {
  const startMs = performance.now();
  const ours = await startOurs('train', worker, ALL_THREADS);
  try {
    await ours.ask({ steps: warmUp });
    const startSeconds = (performance.now() - startMs) / 1000;
    const [slice] = await takeTurns(ours, [], { rounds: 0, repeats }, { seconds });
    const millisecondsPerStep = (1000 * slice.seconds) / slice.steps;
    return { startSeconds, millisecondsPerStep, peakRssBytes: slice.peakRssBytes, slice };
  } finally {
    await ours.close();
  }
}
