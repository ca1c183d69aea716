import { expect, test } from 'vitest';
import { createRandom } from '../../src/common/random.js';
import { dayText, localDays } from '../../src/features/local-days.js';

test.each(['UTC', 'Asia/Shanghai', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe'])(
  'the day of a moment is that of the clocks of %s',
  (timeZone) => {
    const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' });
    const dayOf = localDays(timeZone);
    const random = createRandom('local days', timeZone);
    for (let i = 0; i < 3000; i++) {
      // Two years of hours in no order, to the second around midnight.
      const seconds = 1_546_300_800 + random.integer(17_544) * 3600 + random.integer(3) - 1;
      expect(dayText(dayOf(seconds))).toBe(format.format(1000 * seconds));
    }
  },
);
