import { describe, expect, it } from 'vitest';
import { ageText, localTime, momentText } from '../../../src/report/run/time-text.js';

describe('ageText', () => {
  it.each([
    [0, '0 seconds'],
    [1, '1 second'],
    [59.9, '59 seconds'],
    [60, '1 minute'],
    [7199, '1 hour'],
    [86_399, '23 hours'],
    [86_400, '1 day'],
    [31 * 86_400, '31 days'],
  ])('says %d seconds as %s', (seconds, text) => {
    expect(ageText(seconds)).toBe(text);
  });
});

describe('momentText', () => {
  it('is local time, at midnight too', () => {
    const moment = Date.parse('2026-01-10T16:00:30Z') / 1000;
    expect(momentText(moment, 'UTC')).toBe('2026-01-10 16:00');
    expect(momentText(moment, 'Asia/Shanghai')).toBe('2026-01-11 00:00');
    expect(localTime(moment, 'Asia/Shanghai')).toBe(Date.parse('2026-01-11T00:00:00Z'));
  });
});
