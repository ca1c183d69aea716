import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { summariseTransfer } from '../../src/experiments/summarise-transfer.js';
import { writeRunReport } from '../../src/report/write-run-report.js';
import { result as backtest } from '../experiments/backtest-example.js';
import { plan, runs } from '../experiments/transfer-example.js';
import { comparison } from '../report/comparison-example.js';
import { bare } from '../report/run-example.js';
import { runMain } from './collect-output.js';

let folder: string;
const at = (...path: string[]) => join(folder, ...path);

async function put(path: string, value: unknown): Promise<void> {
  await mkdir(join(at(path), '..'), { recursive: true });
  await writeFile(at(path), typeof value === 'string' ? value : JSON.stringify(value));
}

const report = (...argv: string[]) => runMain(['report', '--out', at('page.html'), ...argv]);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dupn-report-'));
  await writeRunReport(at('runs/one'), bare);
  await put('transfer/transfer.json', summariseTransfer(plan, runs));
  await put('paper/comparison.json', comparison);
  await put('daily/backtest.json', backtest);
});

describe('dupn report', () => {
  it('makes the page of a run again from its numbers', async () => {
    const { code, stdout } = await report(at('runs/one'), '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ file: at('page.html'), runs: ['shop'], experiments: [], charts: 1 });
    expect(await readFile(at('page.html'), 'utf8')).toBe(
      await readFile(at('runs/one/eval/report.html'), 'utf8'),
    );
  });

  it('puts runs and experiments on one page, runs of one name under their folders', async () => {
    await writeRunReport(at('runs/two'), bare);
    const folders = [
      at('runs/one'),
      at('transfer'),
      at('paper'),
      at('daily'),
      at('runs/two'),
      at('runs/one'),
    ];
    const { code, stdout } = await report(...folders, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      file: at('page.html'),
      runs: [at('runs/one'), at('runs/two')],
      experiments: ['transfer demo', 'comparison paper', 'backtest demo'],
      charts: 1 + 4 + 1 + 5,
    });
    const page = await readFile(at('page.html'), 'utf8');
    for (const heading of ['Runs', 'Transfer demo', 'Comparison paper', 'Backtest demo']) {
      expect(page).toMatch(new RegExp(`<h2[^>]*>${heading}</h2>`));
    }
  });

  it('does not write over a page unless told to', async () => {
    await put('page.html', 'mine');
    const { code, stderr } = await report(at('paper'));
    expect([code, stderr]).toEqual([
      2,
      `Cannot write ${at('page.html')}: it exists already (--force writes over it, --out names another)\n`,
    ]);
    expect(await readFile(at('page.html'), 'utf8')).toBe('mine');
    const { code: forced, stdout } = await report(at('paper'), '--force');
    expect([forced, stdout]).toEqual([0, `${at('page.html')}: one chart of comparison paper\n`]);
  });

  it('wants a file to write, not a folder, even where it may write over what is there', async () => {
    await mkdir(at('pages'));
    const { code, stderr } = await runMain(['report', '--out', at('pages'), '--force', at('paper')]);
    expect([code, stderr]).toEqual([
      2,
      `Cannot write ${at('pages')}: expected the name of a file, got a folder (--out names another)\n`,
    ]);
  });

  it('takes a folder once, however it is written', async () => {
    const other = join(at('paper'), '..', 'runs', 'one');
    const { stdout } = await report(at('runs/one'), `${folder}/runs/./one/`, other, '--json');
    expect(JSON.parse(stdout)).toMatchObject({ runs: ['shop'], experiments: [] });
  });

  it('says what a folder would have to hold, and which command makes it', async () => {
    await mkdir(at('empty'));
    for (const [name, got] of [
      ['empty', 'a folder without any of them'],
      ['missing', 'no such folder'],
    ] as const) {
      const { code, stderr } = await report(at('runs/one'), at(name));
      expect([code, stderr]).toEqual([
        2,
        `Cannot report on ${at(name)}: expected eval/report.json (dupn eval makes it), ` +
          'comparison.json (dupn compare makes it), transfer.json (dupn transfer makes it) or ' +
          `backtest.json (dupn backtest makes it), got ${got}\n`,
      ]);
    }
  });

  it('refuses numbers of another format, and what is no JSON', async () => {
    const file = at('runs/one/eval/report.json');
    await put('runs/one/eval/report.json', { ...bare, format: 7 });
    expect((await report(at('runs/one'))).stderr).toBe(
      `Cannot report on ${file}: expected format 2, got 7; evaluate the run again with this version (dupn eval)\n`,
    );
    await put('runs/one/eval/report.json', '{');
    const { code, stderr } = await report(at('runs/one'));
    expect(code).toBe(2);
    expect(stderr).toContain(`Cannot report on ${file}: expected JSON`);
  });
});
