import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Progress } from '../../src/common/context.js';
import { openDatabase } from '../../src/common/database.js';
import { loadConfig } from '../../src/config/load.js';
import { startPhases } from '../../src/preprocess/phases.js';

it('moves within a statement, never back, and ends at the end', async () => {
  const config = await loadConfig('configs/quickstart.yaml', { env: {} });
  const folder = await mkdtemp(join(tmpdir(), 'dupn-phases-'));
  const database = await openDatabase(folder, { memoryLimit: '1GB', threads: 1 });
  const updates: { done: number; phase: unknown; statement: unknown }[] = [];
  const progress: Progress = {
    start: (_, total) => {
      expect(total).toBe(100);
      return {
        update: (done, { phase, statement } = {}) => void updates.push({ done, phase, statement }),
        stop() {},
      };
    },
  };
  try {
    const phases = startPhases(progress, database.connection, config);
    await phases.run('read', async (advance) => {
      advance(1, 4);
      await sleep(10);
    });
    await database.connection.run(
      'CREATE TABLE many AS SELECT range AS a, hash(range) % 1000000 AS b FROM range(16000000)',
    );
    // Seconds of work for one thread.
    const slow =
      'CREATE TABLE slow AS SELECT a, row_number() OVER (PARTITION BY b ORDER BY hash(a)) AS n FROM many';
    await phases.sql('labels', ['SELECT 1', slow]);
    for (const name of ['items and contexts', 'streams', 'requests', 'histories', 'samples'] as const) {
      await phases.sql(name, []);
    }
    for (const name of ['ranking features', 'vocabularies', 'write', 'checksums', 'close'] as const) {
      await phases.run(name, async () => {});
    }
    phases.stop();
  } finally {
    database.close();
  }
  const done = updates.map((update) => update.done);
  expect(done).toEqual([...done].sort((a, b) => a - b));
  expect(done.at(-1)).toBeCloseTo(100, 9);
  const end = (phase: string) => updates.filter((update) => update.phase === phase).at(-1)!.done;
  // The first of four steps was done.
  expect(updates.find((update) => update.phase === 'read' && update.done > 0)!.done).toBeCloseTo(
    end('read') / 4,
    9,
  );
  const within = updates.filter(({ phase, statement }) => phase === 'labels' && statement !== undefined);
  const places = new Set(within.map((update) => update.done));
  expect(places.size).toBeGreaterThan(1);
  expect(Math.max(...places)).toBeLessThan(end('labels'));
});
