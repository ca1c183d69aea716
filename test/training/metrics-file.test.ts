import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { silentContext } from '../../src/common/context.js';
import { type MetricsRecord, openMetricsFile, readMetrics } from '../../src/training/metrics-file.js';

const records: MetricsRecord[] = [20, 40].map((step) => ({ type: 'train', step, loss: 1 / step }));

async function metricsPath(text: string): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), 'dupn-metrics-')), 'metrics.jsonl');
  await writeFile(path, text);
  return path;
}

const textOf = (of: readonly MetricsRecord[]) => of.map((record) => `${JSON.stringify(record)}\n`).join('');

test('what is added is read again, after what a checkpoint knows of', async () => {
  const path = await metricsPath(textOf([...records, ...records]));
  const file = await openMetricsFile(path, textOf(records).length, silentContext.logger);
  file.add({ type: 'validation', step: 40, 'auc[ctr]': null });
  expect(readMetrics(path)).toEqual(records);
  await file.flush();
  expect(readMetrics(path)).toEqual([...records, { type: 'validation', step: 40, 'auc[ctr]': null }]);
  expect(file.bytes).toBe((await readFile(path)).length);
});

test('a file that is shorter than its checkpoint knows is refused, and one that is gone is warned of', async () => {
  const whole = textOf(records);
  const path = await metricsPath(whole.slice(0, -1));
  const log: object[] = [];
  const logger = { ...silentContext.logger, warn: (fields: object) => log.push(fields) };
  await expect(openMetricsFile(path, whole.length, logger)).rejects.toThrow(
    `Cannot go on with ${path}: expected the ${whole.length} bytes that its run had written, got ${whole.length - 1}`,
  );
  expect(log).toEqual([]);
  await rm(path);
  const file = await openMetricsFile(path, whole.length, logger);
  expect(log).toEqual([{ path, bytes: whole.length }]);
  file.add(records[1]!);
  await file.flush();
  expect(readMetrics(path)).toEqual([records[1]]);
  expect(file.bytes).toBe((await readFile(path)).length);
});

test('a line that is no record is named', async () => {
  const path = await metricsPath(`${textOf(records)}{"type":\u0000}\n`);
  expect(() => readMetrics(path)).toThrow(`Cannot read ${path}:3: expected a record, got `);
});

test('half a line at the end is passed over', async () => {
  const text = textOf(records);
  expect(readMetrics(await metricsPath(text))).toEqual(records);
  expect(readMetrics(await metricsPath(text.slice(0, -5)))).toEqual(records.slice(0, 1));
  expect(readMetrics(await metricsPath(''))).toEqual([]);
});
