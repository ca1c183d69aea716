/** Sides that take turns, and the ratio of their speeds. */
import { say } from './say.js';
import { slice } from './side.js';

/** With fewer quiet pairs than this, disturbed ones count too. */
const PAIRS = 3;

/**
 * Ours and each of the peers by turns: ours, a, ours, b, ours, a, ... so that each slice of a peer lies between two of ours.
 * A slice that other load disturbed is repeated, as long as there are no more repetitions than `repeats`; then it stays, marked.
 * `discarded` of a slice counts the ones before it.
 * @returns {Promise<object[]>} the slices in their order
 */
export async function takeTurns(ours, peers, { rounds, repeats }, request) {
  const slices = [];
  let left = repeats;
  const turn = async (side) => {
    for (let discarded = 0; ; discarded++) {
      const result = await slice(side, request);
      if (!result.disturbed) return slices.push({ ...result, discarded });
      say(`${side.name}: ${loadOf(result)}, ${left > 0 ? 'repeated' : 'kept as disturbed'}`);
      if (left === 0) return slices.push({ ...result, discarded });
      left--;
    }
  };
  for (let round = 0; round < rounds; round++) {
    for (const peer of peers) {
      await turn(ours);
      await turn(peer);
    }
  }
  await turn(ours);
  return slices;
}

const loadOf = ({ otherCores, stealCores }) => `${otherCores} cores of other load, ${stealCores} stolen`;

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
