/** Durations of the config, such as 30m or 7d. */

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

export const DURATION = /^([1-9]\d*)(s|m|h|d)$/;

/** Seconds of a duration that `DURATION` matches. */
export function secondsOf(duration: string): number {
  const match = DURATION.exec(duration);
  if (!match) throw new RangeError(`${duration} is no duration`);
  return Number(match[1]) * SECONDS[match[2] as keyof typeof SECONDS];
}
