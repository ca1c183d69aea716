import { expect, test } from 'vitest';
import { createRandom } from '../../src/common/random.js';
import { dayText, localDays } from '../../src/features/local-days.js';

// In Sao Paulo the clocks changed at midnight.
test.each(['UTC', 'Asia/Kathmandu', 'America/New_York', 'Australia/Lord_Howe', 'America/Sao_Paulo'])(
  'the day of a moment is that of the clocks of %s',
  (timeZone) => {
    const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' });
    const dayOf = localDays(timeZone);
    // The half hours of 2018 and 2019 and the seconds before them, in no order.
    const moments = Array.from({ length: 2 * 35_040 }, (_, at) => 1_514_764_800 + 900 * (at & ~1) - (at & 1));
    createRandom('local days').shuffle(moments);
    const wrong = moments.filter((seconds) => dayText(dayOf(seconds)) !== format.format(1000 * seconds));
    expect(wrong).toEqual([]);
  },
);
