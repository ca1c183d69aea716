/** Every command of docs/serving.md runs, in its order, as it stands there. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePorts } from '../../src/distributed/address.js';
import { thorough } from '../thorough.js';
import { runMain } from './collect-output.js';

const root = new URL('../../', import.meta.url).pathname;
const dupn = `${process.execPath} ${join(root, 'bin/dupn.js')}`;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dupn-serving-'));
  await writeFile(
    join(folder, 'shop.yaml'),
    `extends: ${join(root, 'configs/quickstart.yaml')}
name: shop
data: { root: log }
split: { trainingFrom: 2026-01-06, evaluationFrom: 2026-01-10, validationUsers: 0.2 }
model: { units: 8, attentionUnits: 8, userUnits: 8, candidateUnits: { item: 8 }, maxEvents: 20 }
train: { epochs: 1 }
preprocess: { folder: ${join(folder, 'prepared')} }
run: { folder: ${join(folder, 'runs')} }
`,
  );
  const config = ['-c', join(folder, 'shop.yaml')];
  for (const argv of [
    ['generate', '--out', join(folder, 'log'), '--users', '60', '--days', '6'],
    ['preprocess', ...config],
    ['train', ...config],
  ]) {
    expect((await runMain(argv)).code, argv[0]).toBe(0);
  }
});
afterAll(() => rm(folder, { recursive: true }));

test.runIf(thorough)('the commands of docs/serving.md', async () => {
  const page = await readFile(join(root, 'docs/serving.md'), 'utf8');
  const blocks = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block!);
  expect(blocks.length).toBeGreaterThan(4);
  // The first names a file that a later one makes.
  const made = blocks.find((block) => block.includes('cat > requests.csv'))!;
  // Job control gives `kill %1` its meaning; whatever fails, no server stays.
  const begin = `set -m; trap 'kill $(jobs -p) 2> /dev/null || true' EXIT\n${made.slice(0, made.indexOf('npx'))}`;
  const script = `${begin}\n${blocks.join('\n')}`
    .replaceAll('npx dupn', dupn)
    .replaceAll('sleep 1', 'sleep 0.1')
    .replaceAll('8470', String((await freePorts(1))[0]));
  const { stdout } = await promisify(execFile)('bash', ['-euc', script], {
    cwd: folder,
    maxBuffer: 1e8,
  });
  expect(stdout).toContain('bundle: bundle');
  expect(stdout).toContain('r2,nobody,2026-01-10T12:00:00Z,i000001,0.');
  const lines = (await readFile(join(folder, 'scores.jsonl'), 'utf8')).trim().split('\n');
  expect(lines.length).toBe(4);
  // The same request, with and without prepared data, as it brings its history.
  const own = lines.slice(2).map((line) => JSON.parse(line).prediction);
  const alone = stdout.split('\n').filter((line) => /^r2,,/.test(line));
  expect(stdout).toContain('dupn_answers_total{variant="default"} 2');
  expect(stdout).toContain('{"accepted":1,"kept":1}');
  const document = JSON.parse(await readFile(join(folder, 'openapi.json'), 'utf8'));
  expect(document.openapi).toBe('3.1.0');
  expect(stdout).toMatch(/sample ratio: chi-square .* with 1 degrees of freedom/);
  expect(stdout).toMatch(/all +CTR +new/);
  expect(alone.map((line) => Number(line.split(',')[4]))).toEqual(
    own.map((value) => expect.closeTo(value, 5)),
  );
});
