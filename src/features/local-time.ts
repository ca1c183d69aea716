/** Offsets of a time zone over a period, so that SQL and code tell the local time of an event alike. */

const US_PER_SECOND = 1_000_000;
const DAY_SECONDS = 86_400;

/** From `fromSeconds` on (since 1970) the zone is `offsetSeconds` ahead of UTC. */
export interface ZoneOffset {
  readonly fromSeconds: number;
  readonly offsetSeconds: number;
}

function offsetAt(format: Intl.DateTimeFormat, seconds: number): number {
  const parts = Object.fromEntries(
    format.formatToParts(seconds * 1000).map(({ type, value }) => [type, Number(value)]),
  );
  const { year, month, day, hour, minute, second } = parts as Record<string, number>;
  return Date.UTC(year!, month! - 1, day!, hour!, minute!, second!) / 1000 - seconds;
}

/** The offsets in force from the first moment to the last, oldest first: one without changes of the clocks between. */
export function zoneOffsets(timeZone: string, firstSeconds: number, lastSeconds: number): ZoneOffset[] {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const start = Math.floor(firstSeconds);
  const offsets: ZoneOffset[] = [{ fromSeconds: start, offsetSeconds: offsetAt(format, start) }];
  for (let low = start; low < lastSeconds; low += DAY_SECONDS) {
    const before = offsets.at(-1)!.offsetSeconds;
    const after = offsetAt(format, low + DAY_SECONDS);
    if (after === before) continue;
    let [unchanged, changed] = [low, low + DAY_SECONDS];
    while (changed - unchanged > 1) {
      const middle = Math.floor((unchanged + changed) / 2);
      if (offsetAt(format, middle) === before) unchanged = middle;
      else changed = middle;
    }
    offsets.push({ fromSeconds: changed, offsetSeconds: after });
  }
  return offsets;
}

/** Seconds since 1970 on the clock of the zone at a moment in microseconds of UTC (BIGINT), as SQL. */
export function localSecondsSql(timeUs: string, offsets: readonly ZoneOffset[]): string {
  const seconds = `floor_div(${timeUs}, ${US_PER_SECOND})`;
  const [first, ...later] = offsets;
  if (later.length === 0) return `(${seconds} + ${first!.offsetSeconds})`;
  const cases = [...later]
    .reverse()
    .map(({ fromSeconds, offsetSeconds }) => `WHEN ${seconds} >= ${fromSeconds} THEN ${offsetSeconds}`);
  return `(${seconds} + CASE ${cases.join(' ')} ELSE ${first!.offsetSeconds} END)`;
}

/** The same in code. */
export function localSeconds(timeUs: bigint, offsets: readonly ZoneOffset[]): number {
  const us = BigInt(US_PER_SECOND);
  const seconds = Number((timeUs - (((timeUs % us) + us) % us)) / us);
  const offset = offsets.findLast(({ fromSeconds }) => seconds >= fromSeconds) ?? offsets[0]!;
  return seconds + offset.offsetSeconds;
}
