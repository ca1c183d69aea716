import { mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { BacktestResult } from '../../src/experiments/backtest-result.js';
import { backtestSummary } from '../../src/experiments/backtest-text.js';
import { backtestCharts } from '../../src/report/backtest-charts.js';
import { backtestPaths, writeBacktestReport } from '../../src/report/write-backtest-report.js';
import { begun, result as example } from '../experiments/backtest-example.js';
import { xmlElements } from './xml-elements.js';

async function written(change: Partial<BacktestResult> = {}) {
  const folder = join(await mkdtemp(join(tmpdir(), 'backtest-')), 'demo');
  const result = { ...example, folder, ...change };
  await writeBacktestReport(result, backtestSummary(result));
  const read = (file: string) => readFile(join(folder, file), 'utf8');
  return { folder, result, read };
}

describe('writeBacktestReport', () => {
  it('leaves the numbers, the tables, the charts and the page, and nothing else', async () => {
    const { folder, result, read } = await written();
    expect((await readdir(folder)).sort()).toEqual([
      'backtest-auc-ctr.svg',
      'backtest-auc-spp.svg',
      'backtest-difference-ctr.svg',
      'backtest-difference-spp.svg',
      'backtest-seconds.svg',
      'backtest.html',
      'backtest.json',
      'backtest.md',
    ]);
    expect(JSON.parse(await read(backtestPaths.json))).toEqual(result);
    expect(await read(backtestPaths.markdown)).toContain('| mean | 1100 | 0.7200 | 0.7000 | 0.7200 |');
    xmlElements(await read(backtestPaths.chart('auc-ctr')));
  });

  it('removes the charts of an earlier report, and no other file', async () => {
    const { folder, result } = await written();
    const others = [
      'backtest-notes.svg',
      'backtest-auc-ctr.svg.bak',
      'my-backtest-seconds.svg',
      'curves-steps.svg',
    ];
    for (const file of others) await writeFile(join(folder, file), 'mine');
    await mkdir(join(folder, 'backtest-auc-folder.svg'));
    const one = { ...result, tasks: ['ctr'], days: result.days.slice(0, 1) };
    await writeBacktestReport(one, backtestSummary(one));
    expect((await readdir(folder)).sort()).toEqual(
      [
        ...others,
        'backtest-auc-ctr.svg',
        'backtest-auc-folder.svg',
        'backtest-difference-ctr.svg',
        'backtest.html',
        'backtest.json',
        'backtest.md',
      ].sort(),
    );
  });

  it('knows its own charts by their names', () => {
    for (const { name } of backtestCharts({ ...example, tasks: ['ctr', 'spp', 'a-B_2'] })) {
      expect(backtestPaths.chart(name)).toMatch(backtestPaths.charts);
    }
  });

  it('is before the first day the numbers, the tables and a page without charts', async () => {
    const { folder, read } = await written({ days: begun.days, differences: begun.differences });
    expect((await readdir(folder)).sort()).toEqual(['backtest.html', 'backtest.json', 'backtest.md']);
    const html = await read(backtestPaths.page);
    expect(html).toContain('The tasks ctr, spp; seed 1. No day is done yet.');
    expect(html).not.toContain('By day');
  });
});
