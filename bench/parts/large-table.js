/** Training with an item table of 50 million rows of 32 units: what memory it takes beside the table and its slot. */
import { freemem } from 'node:os';
import { ratioOf, takeTurns } from '../compare.js';
import { SIZES } from '../config.js';
import { trainingData } from '../prepare.js';
import { say } from '../say.js';
import { startOurs } from '../sides.js';
import { ALL_THREADS } from '../threads.js';

const ROWS = 50_000_000;
const SMALL_ROWS = 100_000;
/** What may be taken beside the table and its slot. */
const GOAL_BESIDE_BYTES = 2e9;
const BYTES_PER_FLOAT = 4;

const stepsPerSecond = ({ steps, seconds }) => steps / seconds;
const gigabytes = (bytes) => `${(bytes / 1e9).toFixed(1)} GB`;

export async function largeTable({ quick, ...context }) {
  const settings = quick
    ? { rows: 2_000_000, rounds: 1, repeats: 0, seconds: 4, warmUp: 2 }
    : { rows: ROWS, rounds: 3, repeats: 3, seconds: 15, warmUp: 10 };
  const { rows, seconds, warmUp, ...turns } = settings;
  const tableAndSlotBytes = 2 * rows * SIZES.item.item * BYTES_PER_FLOAT;
  const needed = tableAndSlotBytes + 2 * GOAL_BESIDE_BYTES;
  if (freemem() < needed) {
    const leftOut = `needs ${gigabytes(needed)} of free memory, there are ${gigabytes(freemem())}`;
    say(`a table of ${rows} rows: left out, ${leftOut}`);
    return { settings, leftOut };
  }
  const { config } = await trainingData(context);
  say(`training with a table of ${rows} rows`);
  const sides = [];
  try {
    const startMs = performance.now();
    for (const [name, itemRows] of Object.entries({ small: SMALL_ROWS, large: rows })) {
      const side = { ...(await startOurs('train', { config, itemRows }, ALL_THREADS)), name };
      sides.push(side);
      await side.ask({ steps: warmUp });
    }
    const startSeconds = (performance.now() - startMs) / 1000;
    const [small, large] = sides;
    const slices = await takeTurns(small, [large], turns, { seconds });
    const peakRssBytes = Math.max(
      ...slices.filter(({ side }) => side === large.name).map((slice) => slice.peakRssBytes),
    );
    return {
      settings,
      startSeconds,
      tableAndSlotBytes,
      peakRssBytes,
      besideBytes: peakRssBytes - tableAndSlotBytes,
      goalBesideBytes: GOAL_BESIDE_BYTES,
      smallRows: SMALL_ROWS,
      timeOverSmall: ratioOf(slices, small.name, large.name, stepsPerSecond),
      slices,
    };
  } finally {
    for (const side of sides) await side.close();
  }
}
