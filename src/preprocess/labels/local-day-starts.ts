/** The moments at which local days begin. */
import { localSeconds, type ZoneOffset } from '../../features/local-time.js';

const US = 1_000_000n;
const DAY_SECONDS = 86_400;

/**
 * Of every local day from the first moment to the last, in microseconds since 1970, but for a day that the zone skipped;
 * `offsets` begin before the first day.
 */
export function localDayStarts({
  firstUs,
  lastUs,
  offsets,
}: {
  readonly firstUs: bigint;
  readonly lastUs: bigint;
  readonly offsets: readonly ZoneOffset[];
}): bigint[] {
  const dayOf = (us: bigint) => Math.floor(localSeconds(us, offsets) / DAY_SECONDS);
  const starts: bigint[] = [];
  for (let day = dayOf(firstUs); day <= dayOf(lastUs); day++) starts.push(...startOf(day, offsets));
  return starts;
}

/** The first second whose local day is this one, none of a skipped day: where the clocks jump over midnight, the second after the jump. */
function startOf(day: number, offsets: readonly ZoneOffset[]): bigint[] {
  const local = day * DAY_SECONDS;
  const candidates = offsets.map(({ offsetSeconds }) => local - offsetSeconds);
  const changes = offsets.map(({ fromSeconds }) => fromSeconds);
  const starts = [...candidates, ...changes]
    .map((seconds) => BigInt(seconds) * US)
    .filter((us) => Math.floor(localSeconds(us, offsets) / DAY_SECONDS) === day)
    .sort((a, b) => (a < b ? -1 : 1));
  return starts.slice(0, 1);
}
