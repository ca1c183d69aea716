/** Moments and spans of time for people. */

/** `2026-01-05 08:30` in the time zone. */
export function momentText(seconds: number, timeZone: string): string {
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(seconds * 1000);
  const of = (type: Intl.DateTimeFormatPartTypes) => parts.find((part) => part.type === type)!.value;
  return `${of('year')}-${of('month')}-${of('day')} ${of('hour')}:${of('minute')}`;
}

const UNITS = [
  { unit: 'day', seconds: 86_400 },
  { unit: 'hour', seconds: 3_600 },
  { unit: 'minute', seconds: 60 },
  { unit: 'second', seconds: 1 },
] as const;

/** In whole units of the largest that fits: `3 days`, `1 hour`. */
export function ageText(ageSeconds: number): string {
  const { unit, seconds } = UNITS.find((each) => ageSeconds >= each.seconds) ?? UNITS.at(-1)!;
  const count = Math.floor(ageSeconds / seconds);
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

/** The clock in the time zone, read as if it were UTC, in milliseconds. */
export function localTime(seconds: number, timeZone: string): number {
  return Date.parse(`${momentText(seconds, timeZone).replace(' ', 'T')}:00Z`);
}
