/** An axis of days, each at its midnight in UTC, so that it is the same wherever the chart is made. */

/** As many labels as 28 Jan fit into the width of a chart. */
const MOST_LABELS = 5;

/** Of the field `day`, which has `dayTime` of them. `days` as YYYY-MM-DD, in order, at least one. */
export function dayAxis(days: readonly string[]) {
  return {
    field: 'day',
    type: 'temporal' as const,
    title: daysText(days),
    scale: { type: 'utc' as const, nice: false as const, padding: 12 },
    axis: { values: labelledDays(days).map(dayTime), format: '%-d %b', grid: false },
  };
}

export function dayTime(day: string): number {
  return Date.parse(`${day}T00:00:00Z`);
}

/** The first, and from there on as many as have room for their labels, at equal steps. */
export function labelledDays(days: readonly string[]): string[] {
  const step = Math.ceil(days.length / MOST_LABELS);
  return days.filter((_, at) => at % step === 0);
}

export function daysText(days: readonly string[]): string {
  const [first] = days;
  const last = days.at(-1);
  return first === last ? `${first}` : `${first} to ${last}`;
}
