/** An evaluation that a signal ends, as the real command. */
import { existsSync } from 'node:fs';
import { mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { start } from '../setup/node-process.js';
import { runMain } from './collect-output.js';

const bin = fileURLToPath(new URL('../../bin/dupn.js', import.meta.url));
const quickstart = fileURLToPath(new URL('../../configs/quickstart.yaml', import.meta.url));

let run: string;
let shared: string[];

async function succeed(...argv: string[]): Promise<void> {
  const { code, stderr } = await runMain(argv);
  expect([code, code === 0 ? '' : stderr]).toEqual([0, '']);
}

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dupn-interrupted-'));
  run = join(folder, 'runs/quickstart');
  await succeed('generate', '--out', join(folder, 'log'), '--users', '60', '--days', '6', '--json');
  const settings = [
    `data.root=${join(folder, 'log')}`,
    `preprocess.folder=${join(folder, 'prepared')}`,
    `run.folder=${join(folder, 'runs')}`,
    'split={trainingFrom: 2026-01-06, evaluationFrom: 2026-01-10, validationUsers: 0.2}',
    'model={units: 8, attentionUnits: 8, userUnits: 8, candidateUnits: {item: 8}, maxEvents: 20}',
    'train={epochs: 1, tasks: [ctr]}',
  ];
  shared = ['-c', quickstart, ...settings.flatMap((setting) => ['--set', setting])];
  await succeed('preprocess', ...shared, '--json');
  await succeed('train', ...shared, '--json');
});

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

test.each([
  ['SIGINT', 0],
  ['SIGTERM', 0],
  ['SIGTERM', 400],
] as const)(
  'eval that %s interrupts, %d ms after it began, leaves nothing of its work',
  async (signal, ms) => {
    const work = join(run, 'eval/.predictions.work');
    const child = start([bin, 'eval', ...shared]);
    let over = false;
    void child.ended.then(() => {
      over = true;
    });
    while (!existsSync(work) && !over) await pause(2);
    await pause(ms);
    expect(existsSync(work)).toBe(true);
    child.kill(signal);
    expect(await child.ended).toMatchObject({ code: null, signal });
    expect(existsSync(work)).toBe(false);
  },
);

test('the next eval works as if nothing had been', async () => {
  await succeed('eval', ...shared, '--json');
  expect((await readdir(join(run, 'eval'))).sort()).toEqual([
    ...['metrics.json', 'predictions', 'report.html', 'report.json'],
  ]);
});
