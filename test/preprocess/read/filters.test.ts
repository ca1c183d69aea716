import { expect, test } from 'vitest';
import { createRandom } from '../../../src/common/random.js';
import { makeFolder, read, specOf } from './reading.js';

test('rows are kept, filtered and rejected as a plain loop does it', async () => {
  const random = createRandom('filters');
  const one = <T>(values: readonly T[]): T => values[random.integer(values.length)]!;
  for (let round = 0; round < 10; round++) {
    const rows = Array.from({ length: 400 }, () => ({
      user: one(['u1', 'u2', '']),
      item: one(['i1', 'i2', 'i3']),
      behavior: one(['click', 'buy', 'cart', '']),
      scenario: one(['search', 'ad']),
      time: 1511544000 + random.integer(12),
    }));
    const keep = {
      behavior: one([['click'], ['click', 'buy'], ['click', '']]),
      scenario: one([['search'], ['search', 'ad']]),
    };
    const [from, to] = [1511544000 + random.integer(3), 1511544009 + random.integer(3)];
    const deduplicate = round % 2 === 0;
    const kept: unknown[][] = [];
    const counts: Record<string, number> = {};
    const seen = new Set<string>();
    for (const { user, item, behavior, scenario, time } of rows) {
      const row = [user, item, behavior || null, scenario, BigInt(time) * 1_000_000n];
      const key = row.join();
      const reason =
        user === ''
          ? 'rejected'
          : !keep.behavior.includes(behavior)
            ? 'keep.behavior'
            : !keep.scenario.includes(scenario)
              ? 'keep.scenario'
              : time < from
                ? 'from'
                : time >= to
                  ? 'to'
                  : deduplicate && seen.has(key)
                    ? 'deduplicate'
                    : undefined;
      if (reason) counts[reason] = (counts[reason] ?? 0) + 1;
      else kept.push(row);
      if (!reason) seen.add(key);
    }
    const lines = rows.map((row) => Object.values(row).join());
    const folder = await makeFolder({ 'log.csv': `user,item,behavior,scenario,time\n${lines.join('\n')}\n` });
    const result = await read(
      folder,
      specOf(
        { files: ['log.csv'] },
        {
          text: ['user', 'item', 'behavior', 'scenario'],
          required: ['user', 'item'],
          time: { columns: ['time'], format: 'seconds', timeZone: 'UTC' },
          filter: { keep, fromUs: BigInt(from) * 1_000_000n, toUs: BigInt(to) * 1_000_000n, deduplicate },
        },
      ),
    );
    const { rejected = 0, ...filteredBy } = counts;
    expect(result.rows).toEqual(kept);
    expect(result.counts).toEqual({
      read: 400,
      kept: kept.length,
      rejected,
      filtered: 400 - kept.length - rejected,
      rejectedBy: { 'empty value': rejected },
      filteredBy,
    });
  }
});
