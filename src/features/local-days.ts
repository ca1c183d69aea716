/** The clocks of a time zone at moments of any time: its offsets are worked out once for each day that is met. */
import { type ZoneOffset, zoneOffsets } from './local-time.js';

const DAY_SECONDS = 86_400;

/** Days that are kept at most: all of two centuries. */
const MAX_DAYS = 80_000;

/** From whole seconds since 1970 to seconds since 1970-01-01 00:00 on the clocks of the zone. */
export function localClock(timeZone: string): (seconds: number) => number {
  const byUtcDay = new Map<number, readonly ZoneOffset[]>();
  let day = Number.NaN;
  let offsets: readonly ZoneOffset[] = [];
  return (seconds) => {
    const utcDay = Math.floor(seconds / DAY_SECONDS);
    if (utcDay !== day) {
      day = utcDay;
      const first = utcDay * DAY_SECONDS;
      offsets = byUtcDay.get(utcDay) ?? zoneOffsets(timeZone, first, first + DAY_SECONDS - 1);
      if (byUtcDay.size >= MAX_DAYS) byUtcDay.clear();
      byUtcDay.set(utcDay, offsets);
    }
    return seconds + offsets.findLast(({ fromSeconds }) => seconds >= fromSeconds)!.offsetSeconds;
  };
}

/** From seconds since 1970 to days since 1970-01-01 on the clocks of the zone. */
export function localDays(timeZone: string): (seconds: number) => number {
  const clock = localClock(timeZone);
  return (seconds) => Math.floor(clock(seconds) / DAY_SECONDS);
}

/** YYYY-MM-DD of days since 1970-01-01. */
export const dayText = (day: number): string => new Date(day * DAY_SECONDS * 1000).toISOString().slice(0, 10);
