/** Sides that take turns, and the ratio of their speeds. */
import { say } from '../setup/say.js';
import { slice } from './side.js';

/** A slice is repeated so often where other load disturbed it; the last try stays, marked. */
const TRIES = 3;
/** With fewer quiet pairs than this, disturbed ones count too. */
const PAIRS = 3;

/**
 * Ours and each of the peers by turns: ours, a, ours, b, ours, a, ... so that each slice of a peer lies between two of ours.
 * @returns {Promise<object[]>} the slices in their order
 */
export async function takeTurns(ours, peers, rounds, request) {
  const slices = [];
  for (let round = 0; round < rounds; round++) {
    for (const peer of peers) slices.push(await quietSlice(ours, request), await quietSlice(peer, request));
  }
  slices.push(await quietSlice(ours, request));
  return slices;
}

async function quietSlice(side, request) {
  for (let attempt = 1; ; attempt++) {
    const result = await slice(side, request);
    if (!result.disturbed) return result;
    const load = `${result.otherCores} cores of other load, ${result.stealCores} stolen`;
    if (attempt === TRIES) {
      say(`${side.name}: kept a disturbed slice (${load})`);
      return result;
    }
    say(`${side.name}: a disturbed slice (${load}) is repeated`);
  }
}

/** Each pair of neighbours, whichever of the two came first, gives a ratio of `speed`: ours over the peer's. */
export function ratioOf(slices, ours, peer, speed) {
  const pairs = slices.slice(1).flatMap((second, at) => {
    const first = slices[at];
    const mine = [first, second].find(({ side }) => side === ours);
    const theirs = [first, second].find(({ side }) => side === peer);
    if (!mine || !theirs) return [];
    return [{ ratio: speed(mine) / speed(theirs), disturbed: Boolean(mine.disturbed || theirs.disturbed) }];
  });
  const quiet = pairs.filter(({ disturbed }) => !disturbed);
  const used = quiet.length >= Math.min(PAIRS, pairs.length) ? quiet : pairs;
  const ratios = used.map(({ ratio }) => ratio);
  return {
    median: rounded(median(ratios)),
    lowest: rounded(Math.min(...ratios)),
    highest: rounded(Math.max(...ratios)),
    pairs: used.length,
    disturbed: used.some(({ disturbed }) => disturbed),
  };
}

/** Of the quiet slices of a side, or of all where there is none. */
export function medianSpeed(slices, side, speed) {
  const mine = slices.filter((one) => one.side === side);
  const quiet = mine.filter(({ disturbed }) => !disturbed);
  return rounded(median((quiet.length > 0 ? quiet : mine).map(speed)));
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const rounded = (value) => Number(value.toPrecision(4));
