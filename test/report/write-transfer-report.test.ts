import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { summariseTransfer, type TransferPlan } from '../../src/experiments/summarise-transfer.js';
import { transferSummary } from '../../src/experiments/transfer-text.js';
import { transferPaths, writeTransferReport } from '../../src/report/write-transfer-report.js';
import { plan, runs } from '../experiments/transfer-example.js';
import { HARMLESS, HOSTILE } from './hostile.js';
import { xmlElements } from './xml-elements.js';

async function written(change: Partial<TransferPlan> = {}, done = runs) {
  const folder = join(await mkdtemp(join(tmpdir(), 'transfer-')), 'demo');
  const result = summariseTransfer({ ...plan, folder, ...change }, done);
  await writeTransferReport(result, transferSummary(result));
  const read = (file: string) => readFile(join(folder, file), 'utf8');
  return { folder, result, read };
}

describe('writeTransferReport', () => {
  it('leaves the numbers, the tables, the charts and the page, and nothing else', async () => {
    const { folder, result, read } = await written();
    expect((await readdir(folder)).sort()).toEqual([
      'curves-fractions.svg',
      'curves-samples.svg',
      'curves-seconds.svg',
      'curves-steps.svg',
      'transfer.html',
      'transfer.json',
      'transfer.md',
    ]);
    expect(JSON.parse(await read('transfer.json'))).toEqual(result);
    expect(await read('transfer.md')).toContain(
      '| fine-tune | 0.7000 | 0.0141 | 50 | 500 | 5 | 0.25 | 2 | 2 |',
    );
    xmlElements(await read('curves-steps.svg'));
  });

  it('has in its page what is in the charts, the tables and the list of runs', async () => {
    const { read } = await written();
    const html = await read(transferPaths.page);
    expect(html.match(/<svg /g)).toHaveLength(4);
    expect(html).toContain((await read('curves-steps.svg')).trim());
    expect(html).toContain('The task spp, new to a model of ctr, ltr: 4000 training samples');
    expect(html).toContain('<th scope="row">fine-tune</th><td class="number">0.7000</td>');
    expect(html).toContain('<td>runs/demo/retrain-all-0.1-seed2</td>');
    expect(html).toContain('runs/demo/base-seed2');
    expect(html.replaceAll('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(/http|<script|href|src=/);
  });

  it('calls the measure of a task of several classes macro AUC in the list of runs too', async () => {
    const { read } = await written({ measure: 'macroAuc' });
    const html = await read(transferPaths.page);
    expect(html).toContain(
      '<th scope="col" class="number">seed</th><th scope="col" class="number">macro AUC</th>',
    );
    expect(html).not.toMatch(/<th scope="col"[^>]*>AUC</);
  });

  it('removes the charts of an earlier report, and no other file', async () => {
    const { folder, result } = await written();
    await writeFile(join(folder, 'curves-mine.svg'), 'mine');
    const whole = summariseTransfer({ ...result, fractions: [1] }, runs);
    await writeTransferReport(whole, transferSummary(whole));
    const charts = async () => (await readdir(folder)).filter((file) => file.endsWith('.svg')).sort();
    expect(await charts()).toEqual([
      'curves-mine.svg',
      'curves-samples.svg',
      'curves-seconds.svg',
      'curves-steps.svg',
    ]);
    const none = summariseTransfer(result, []);
    await writeTransferReport(none, transferSummary(none));
    expect(await charts()).toEqual(['curves-mine.svg']);
  });

  it('can be read before the first run is done', async () => {
    const { folder, read } = await written({}, []);
    expect(await read(transferPaths.page)).toContain('<h1>Transfer demo</h1>');
    expect(existsSync(join(folder, transferPaths.chart('steps')))).toBe(false);
  });

  it('takes hostile names as text', async () => {
    const bases = [{ seed: 1, run: HOSTILE, seconds: 1, tasks: [HOSTILE] }];
    const hostile = runs.map((each) => ({ ...each, result: { ...each.result, run: HOSTILE } }));
    const { read } = await written({ name: HOSTILE, task: HOSTILE, bases }, hostile);
    const html = await read(transferPaths.page);
    expect(html).not.toMatch(/<script/);
    expect(html.match(/<svg /g)).toHaveLength(4);
    for (const name of ['steps', 'samples', 'seconds', 'fractions']) {
      const elements = xmlElements(await read(`curves-${name}.svg`));
      expect(elements.find((element) => element.name === 'title')!.text).toContain(HARMLESS);
      expect(elements.some((element) => element.name === 'script')).toBe(false);
    }
  });
});
