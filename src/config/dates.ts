/** Dates of the config: what counts as one, and the moment that it means in a time zone. */

const pattern = /^(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{2}):(\d{2})(?::(\d{2}))?)?$/;

/** `2016-10-20`, `2016-10-20 08:00` or `2016-10-20 08:00:00`, and a day and an hour that exist. */
export function isDate(text: string): boolean {
  return parseAsUtc(text) !== undefined;
}

/** Whether Intl knows the zone by its name; offsets such as +08:00 are no names. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return /^[A-Za-z]/.test(name);
  } catch {
    return false;
  }
}

/**
 * The moment of a local date (and time), as seconds since 1970. A local time that a change of the clocks skips
 * is moved forward by the gap; one that comes twice means the later of the two, as DuckDB reads it.
 */
export function toEpochSeconds(date: string, timeZone: string): number {
  const local = parseAsUtc(date);
  if (local === undefined) throw new RangeError(`${date} is no date`);
  // A day off to either side is beyond any change of the clocks near the date.
  const before = offsetSeconds(local - 86_400, timeZone);
  const after = offsetSeconds(local + 86_400, timeZone);
  const valid = [local - after, local - before].find(
    (seconds) => seconds + offsetSeconds(seconds, timeZone) === local,
  );
  return valid ?? local - before;
}

/** The same as ISO 8601 in UTC, such as `2016-10-20T00:00:00.000Z`. */
export function toIsoUtc(date: string, timeZone: string): string {
  return new Date(toEpochSeconds(date, timeZone) * 1000).toISOString();
}

/** What the clocks of the zone are ahead of UTC at a moment. */
function offsetSeconds(epochSeconds: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(epochSeconds * 1000);
  const value = (type: Intl.DateTimeFormatPartTypes) =>
    Number(parts.find((part) => part.type === type)?.value);
  const local = Date.UTC(
    value('year'),
    value('month') - 1,
    value('day'),
    value('hour'),
    value('minute'),
    value('second'),
  );
  return local / 1000 - epochSeconds;
}

/** Seconds since 1970 if the zone were UTC; undefined for what is no date. */
function parseAsUtc(text: string): number | undefined {
  const match = pattern.exec(text);
  if (!match) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  const exists =
    date.getUTCFullYear() === year &&
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    hour < 24 &&
    minute < 60 &&
    second < 60;
  return exists ? date.getTime() / 1000 : undefined;
}
