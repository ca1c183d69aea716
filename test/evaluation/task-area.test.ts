import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { TaskArea } from '../../src/evaluation/task-area.js';
import { batchesOf, randomRequests } from './random-requests.js';
import { binaryMetrics, classMetrics } from './task-definitions.js';

test.each([1, 2, 4])('the area of a task with %d logits is its AUC, or its macro AUC', async (outputs) => {
  const folder = await mkdtemp(join(tmpdir(), 'dupn-area-'));
  const requests = randomRequests({ seed: outputs, requests: 60, users: 9, outputs });
  const area = new TaskArea(outputs, { folder, name: 'ctr' });
  for (const batch of batchesOf(requests, { task: 'ctr', outputs, seed: 2 })) area.add(batch);
  const name = outputs === 1 ? 'auc' : 'macroAuc';
  expect(area.name).toBe(name);
  const { samples } = requests;
  const expected = outputs === 1 ? binaryMetrics(samples, 1) : classMetrics(samples, outputs);
  const { value, errorByChance } = (await area.area())!;
  expect(value).toBeCloseTo(expected[name]!, 6);
  expect(errorByChance).toBeGreaterThan(0);
  area.close();
  const empty = new TaskArea(outputs, { folder, name: 'empty' });
  expect(await empty.area()).toBeNull();
  empty.close();
});
