/** Moments of requests: RFC 3339 with an offset, such as 2026-01-10T12:00:00Z. */
import { END_OF_TIME_US } from '../features/time-sql.js';
import { RequestError } from './request-error.js';

const FRACTION = /\.(\d{1,6})\d*/;

/**
 * Microseconds since 1970; what is finer is cut off.
 * @throws RequestError for a text that is no such time, or one beyond the 32 bits of seconds that a time has; `what` names it
 */
export function readTimeUs(text: string, what: string): number {
  const [fraction = '', digits = ''] = FRACTION.exec(text) ?? [];
  const seconds = Date.parse(text.replace(fraction, '')) / 1000;
  const timeUs = seconds * 1_000_000 + Number(digits.padEnd(6, '0'));
  if (timeUs >= 0 && timeUs < Number(END_OF_TIME_US)) return timeUs;
  throw new RequestError(400, `expected a time from 1970 to 2106 in ${what}, got ${text.slice(0, 60)}`);
}
