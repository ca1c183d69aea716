import { describe, expect, it } from 'vitest';
import { dayAxis, daysText, dayTime, labelledDays } from '../../src/report/day-axis.js';

const january = (count: number) =>
  Array.from({ length: count }, (_, at) => `2026-01-${String(at + 1).padStart(2, '0')}`);

describe('labelledDays', () => {
  it('are all of few days, and of many at most five at equal steps', () => {
    expect(labelledDays(january(1))).toEqual(['2026-01-01']);
    expect(labelledDays(january(5))).toEqual(january(5));
    expect(labelledDays(january(6))).toEqual(['2026-01-01', '2026-01-03', '2026-01-05']);
    expect(labelledDays(january(30)).map((day) => day.slice(-2))).toEqual(['01', '07', '13', '19', '25']);
  });
});

describe('dayTime', () => {
  it('is midnight in UTC', () => {
    expect(dayTime('1970-01-03')).toBe(2 * 86_400_000);
  });
});

describe('daysText', () => {
  it('is the first and the last, or the only one', () => {
    expect(daysText(january(3))).toBe('2026-01-01 to 2026-01-03');
    expect(daysText(january(1))).toBe('2026-01-01');
  });
});

describe('dayAxis', () => {
  it('is labelled at those times, and named for its ends, with their year', () => {
    const { title, axis } = dayAxis(['2025-12-31', '2026-01-01']);
    expect(title).toBe('2025-12-31 to 2026-01-01');
    expect(axis.values).toEqual([Date.UTC(2025, 11, 31), Date.UTC(2026, 0, 1)]);
  });
});
