import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runPage } from '../../src/report/run-page.js';
import { runReportPaths, writeRunReport } from '../../src/report/write-run-report.js';
import { bare } from './run-example.js';

it('leaves the numbers and the page beside the metrics of the run, and nothing else', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'report-'));
  await writeRunReport(folder, bare);
  await writeRunReport(folder, bare);
  expect((await readdir(folder, { recursive: true })).sort()).toEqual([
    'eval',
    'eval/report.html',
    'eval/report.json',
  ]);
  const read = (file: string) => readFile(join(folder, file), 'utf8');
  const saved = JSON.parse(await read(runReportPaths.json));
  expect(saved).toEqual(bare);
  expect(await read(runReportPaths.page)).toBe(await runPage(saved));
});
