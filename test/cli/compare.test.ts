/** A comparison of a tiny world, from its YAML to its tables: what is done stays, and the numbers are those of the runs. */
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { runMain } from './collect-output.js';
import { binaryMetrics, classMetrics } from './metric-names.js';

const configs = new URL('../../configs', import.meta.url).pathname;

let folder: string;

const base = () => `
extends: ${configs}/quickstart.yaml
name: tiny
data: { root: ${folder}/log }
features:
  ranking: null
  user: { scenario: { tasks: [ctr] } }
  query: { tasks: [ctr] }
entities: null
split: { trainingFrom: 2026-01-06, evaluationFrom: 2026-01-10, validationUsers: 0.2 }
tasks: { l2r: null, fifp: null, spp: null }
model: { units: 8, attentionUnits: 8, userUnits: 8, candidateUnits: { item: 8 }, maxEvents: 10 }
train: { epochs: 1 }
eval: { bootstrapSamples: 5 }
preprocess: { folder: ${folder}/prepared }
run: { folder: ${folder}/runs }
`;

const comparison = `
name: paper
base: base.yaml
seeds: [1, 2]
variants:
  clicks: { train: { tasks: [ctr] } }
  prices: { train: { tasks: [ppp] } }
groups:
  single-task: [clicks, prices]
`;

const RUNS = ['base', 'clicks', 'prices'].flatMap((row) => [`${row}-seed1`, `${row}-seed2`]);

async function compare(...rest: string[]) {
  const argv = ['compare', '-c', join(folder, 'paper.yaml'), '--json', ...rest];
  const output = await runMain(argv);
  expect([output.code, output.code === 0 ? '' : output.stderr]).toEqual([0, '']);
  return JSON.parse(output.stdout);
}

async function refusal(...rest: string[]): Promise<string> {
  const output = await runMain([
    'compare',
    '-c',
    join(folder, 'paper.yaml'),
    '--log-level',
    'silent',
    ...rest,
  ]);
  expect([output.code, output.stdout]).toEqual([2, '']);
  return output.stderr;
}

async function readJson(...path: string[]) {
  return JSON.parse(await readFile(join(folder, 'runs/paper', ...path), 'utf8'));
}

/** When each run was last trained and evaluated. */
async function times(): Promise<Record<string, number[]>> {
  const files = ['checkpoints/last/checkpoint.json', 'eval/metrics.json'];
  const of = (run: string) =>
    Promise.all(files.map(async (file) => (await stat(join(folder, 'runs/paper', run, file))).mtimeMs));
  return Object.fromEntries(await Promise.all(RUNS.map(async (run) => [run, await of(run)])));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dupn-compare-'));
  const size = ['--users', '60', '--days', '6', '--json'];
  expect((await runMain(['generate', '--out', join(folder, 'log'), ...size])).code).toBe(0);
  await writeFile(join(folder, 'base.yaml'), base());
  await writeFile(join(folder, 'paper.yaml'), comparison);
});

describe.sequential('dupn compare', () => {
  it('prepares, trains and evaluates every variant with every seed', async () => {
    const result = await compare();
    expect(result).toMatchObject({
      name: 'paper',
      seeds: [1, 2],
      runs: { planned: 6, missing: [] },
      warnings: [
        'still getting better when train.epochs ended the training, more may help: ' +
          'base (2 of 2 seeds, epochs: 1), clicks (2 of 2 seeds, epochs: 1), prices (2 of 2 seeds, epochs: 1)',
      ],
    });
    expect(Object.keys(result.metrics).sort()).toEqual(
      [...binaryMetrics('ctr'), ...classMetrics('ppp')].sort(),
    );
    expect(await readdir(join(folder, 'prepared'))).toEqual(['tiny']);
    expect(
      (await readdir(join(folder, 'runs/paper'))).filter((name) => !name.startsWith('.')).sort(),
    ).toEqual([...RUNS, 'comparison.json', 'comparison.md'].sort());
    expect(await readJson('comparison.json')).toEqual(result);
  });

  it('keeps a log of each run by itself', async () => {
    for (const run of RUNS) {
      const text = await readFile(join(folder, 'runs/paper', run, 'train.log'), 'utf8');
      expect([run, text.match(/"msg":"validation"/g)?.length]).toEqual([run, 1]);
    }
  });

  it('gives the numbers that stand in the evaluations of its runs', async () => {
    const { metrics, costs } = await readJson('comparison.json');
    const [base1, base2, clicks1, clicks2] = await Promise.all(
      ['base-seed1', 'base-seed2', 'clicks-seed1', 'clicks-seed2'].map(
        async (run) => (await readJson(run, 'eval/metrics.json')).metrics['logLoss[ctr]'] as number,
      ),
    );
    const row = metrics['logLoss[ctr]'].clicks;
    expect(row.values).toEqual({ 1: clicks1, 2: clicks2 });
    expect(row.mean).toBeCloseTo((clicks1! + clicks2!) / 2, 12);
    expect(row.deviation).toBeCloseTo(Math.abs(clicks1! - clicks2!) / Math.SQRT2, 12);
    const [first, second] = [clicks1! - base1!, clicks2! - base2!];
    const mean = (first + second) / 2;
    // Of two differences: deviation / sqrt 2 = half of what they are apart, and t(0.975, 1) = 12.7062.
    const half = 12.70620473617 * (Math.abs(first - second) / 2);
    expect(row.difference.mean).toBeCloseTo(mean, 12);
    expect(row.difference.interval.low).toBeCloseTo(mean - half, 9);
    expect(row.difference.interval.high).toBeCloseTo(mean + half, 9);

    expect(metrics['logLoss[ctr]']['single-task']).toEqual(row);
    expect(metrics['logLoss[ppp]']['single-task']).toEqual(metrics['logLoss[ppp]'].prices);
    const { clicks, prices, 'single-task': group } = costs;
    for (const cost of [
      'denseParameters',
      'tableParameters',
      'weightBytes',
      'trainingSeconds',
      'steps',
      'scoringSeconds',
    ]) {
      expect(clicks[cost]).toBeGreaterThan(0);
      expect(group[cost]).toBeCloseTo(clicks[cost] + prices[cost], 6);
    }
    const weights = await Promise.all(
      ['best', 'last'].map((name) =>
        stat(join(folder, 'runs/paper/clicks-seed1/checkpoints', name, 'weights.safetensors')),
      ),
    );
    expect(weights.map(({ size }) => size)).toEqual([clicks.weightBytes, clicks.weightBytes]);
    expect(clicks.weightBytes).toBeGreaterThan(4 * (clicks.denseParameters + clicks.tableParameters));
  });

  it('does not repeat what is done', async () => {
    const before = await times();
    const result = await compare();
    expect(await times()).toEqual(before);
    expect(result).toEqual(await readJson('comparison.json'));
  });

  it('does again only what is missing', async () => {
    const before = await times();
    const results = await readJson('comparison.json');
    await rm(join(folder, 'runs/paper/clicks-seed2/eval'), { recursive: true });
    await rm(join(folder, 'runs/paper/prices-seed1'), { recursive: true });
    const result = await compare();
    const after = await times();
    expect(after['clicks-seed2']![0]).toBe(before['clicks-seed2']![0]);
    expect(after['clicks-seed2']![1]).toBeGreaterThan(before['clicks-seed2']![1]!);
    expect(after['prices-seed1']![0]).toBeGreaterThan(before['prices-seed1']![0]!);
    for (const run of ['base-seed1', 'base-seed2', 'clicks-seed1', 'prices-seed2']) {
      expect([run, after[run]]).toEqual([run, before[run]]);
    }
    for (const [key, rows] of Object.entries(result.metrics)) {
      for (const [row, { mean }] of Object.entries(rows as Record<string, { mean: number }>)) {
        expect(mean, `${key} ${row}`).toBeCloseTo(results.metrics[key][row].mean, 4);
      }
    }
  });

  it('refuses runs that were trained with other settings', async () => {
    const message = await refusal('--set', 'variants.clicks.train.learningRate=0.5');
    expect(message).toMatch(/^Cannot compare the run in .*clicks-seed1: it was trained with other settings/);
    expect(message).toContain('train.learningRate: was 0.002, now 0.5');
    expect(await refusal('--set', 'variants.clicks.train.epochs=2')).toContain('train.epochs: was 1, now 2');
  });

  it('evaluates again, and does not train, where only the evaluation is another', async () => {
    const before = await times();
    await compare('--set', 'seeds=[1]', '--set', 'variants.clicks.eval.bootstrapSamples=6');
    const after = await times();
    expect(after['clicks-seed1']![0]).toBe(before['clicks-seed1']![0]);
    expect(after['clicks-seed1']![1]).toBeGreaterThan(before['clicks-seed1']![1]!);
    expect(after['base-seed1']).toEqual(before['base-seed1']);
  });

  it('goes on with a run that is half trained', async () => {
    const config = join(folder, 'runs/paper/clicks-seed1/config.resolved.yaml');
    const sets = [
      'seeds=[1]',
      'name=longer',
      'variants={clicks: {train: {tasks: [ctr], epochs: 2}}}',
      'groups={}',
    ];
    const half = ['--set', `run={folder: "${folder}/runs/longer", name: clicks-seed1}`];
    expect((await runMain(['train', '-c', config, ...half, '--log-level', 'silent'])).code).toBe(0);
    const started = join(folder, 'runs/longer/clicks-seed1/config.resolved.yaml');
    await writeFile(started, (await readFile(started, 'utf8')).replace('epochs: 1', 'epochs: 2'));
    const records = await readFile(join(folder, 'runs/longer/clicks-seed1/metrics.jsonl'), 'utf8');
    const { costs } = await compare(...sets.flatMap((set) => ['--set', set]));
    const all = await readFile(join(folder, 'runs/longer/clicks-seed1/metrics.jsonl'), 'utf8');
    expect(all.startsWith(records)).toBe(true);
    expect(all.length).toBeGreaterThan(records.length);
    expect(costs.clicks.steps).toBe(2 * (await readJson('comparison.json')).costs.clicks.steps);
  });

  it('prepares data of its own for a variant that reads other data, and warns of other samples', async () => {
    const sets = [
      'seeds=[1]',
      'name=data',
      'groups={}',
      'variants={early: {split: {evaluationFrom: 2026-01-09}}}',
    ];
    const { warnings, metrics } = await compare(...sets.flatMap((set) => ['--set', set]));
    expect((await readdir(join(folder, 'prepared'))).sort()).toEqual(['tiny', 'tiny-data-early']);
    expect(warnings).toHaveLength(3);
    expect(warnings[0]).toMatch(
      /^ctr: not all runs are measured on the same samples .*base-seed1 on .*early-seed1 on /,
    );
    expect(metrics['auc[ctr]'].early.difference.interval).toBeNull();
  });

  it('trains anew when it is forced to', async () => {
    const before = await times();
    await compare('--force', '--set', 'seeds=[1]', '--set', 'variants.prices=null', '--set', 'groups={}');
    const after = await times();
    expect(after['base-seed1']![0]).toBeGreaterThan(before['base-seed1']![0]!);
    expect(after['base-seed2']).toEqual(before['base-seed2']);
  });

  it('prints tables for people', async () => {
    const { code, stdout } = await runMain(['compare', '-c', join(folder, 'paper.yaml')]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^auc\[ctr\]\nrow +mean +deviation +difference to base +95 % interval +seeds$/m);
    expect(stdout).toMatch(
      /^single-task +0\.\d{4} +0\.\d{4} +[+-]?0\.\d{4} +[+-]\d\.\d{4} \.\. [+-]\d\.\d{4} +2$/m,
    );
    expect(stdout).toMatch(/^single-task( +[\d.]+){7}$/m);
    expect(stdout.trim().split('\n').at(-1)).toBe(join(folder, 'runs/paper/comparison.md'));
  });

  it('does not write into the folder of a run', async () => {
    expect(await refusal('--set', 'name=longer/clicks-seed1')).toContain('name: expected');
    const config = join(folder, 'base.yaml');
    const own = ['--set', 'run.name=single', '--log-level', 'silent'];
    expect((await runMain(['train', '-c', config, ...own])).code).toBe(0);
    expect(await refusal('--set', 'name=single')).toMatch(
      /runs\/single: expected a new folder .*, got a run;/,
    );
  });
});
