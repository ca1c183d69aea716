import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Costs } from '../../src/distributed/costs.js';

const bytes = (count: number) => () => count;

describe('Costs', () => {
  it('adds up the calls and bytes of each purpose', async () => {
    const costs = new Costs();
    expect(
      await costs.count(
        'rows',
        ({ length }) => 4 * length,
        async () => [1, 2],
      ),
    ).toEqual([1, 2]);
    await costs.count('rows', bytes(5), async () => {});
    await costs.count('norms', bytes(8), async () => {});
    expect([...costs.byPurpose.keys()]).toEqual(['rows', 'norms']);
    expect(costs.byPurpose.get('rows')).toMatchObject({ calls: 2, bytes: 13 });
    expect(costs.byPurpose.get('norms')).toMatchObject({ calls: 1, bytes: 8 });
  });

  it('takes the time of calls that run together once', async () => {
    const costs = new Costs();
    const startMs = performance.now();
    await Promise.all(Array.from({ length: 20 }, () => costs.count('rows', bytes(1), () => pause(50))));
    const tookMs = performance.now() - startMs;
    const { calls, ms } = costs.byPurpose.get('rows')!;
    expect(calls).toBe(20);
    expect(ms).toBeGreaterThan(45);
    expect(ms).toBeLessThanOrEqual(tookMs);
  });

  it('counts the time of a call that fails, and none of its bytes', async () => {
    const costs = new Costs();
    const failed = costs.count('rows', bytes(9), () => Promise.reject(new Error('no')));
    await expect(failed).rejects.toThrow('no');
    expect(costs.byPurpose.get('rows')).toMatchObject({ calls: 1, bytes: 0 });
  });
});
