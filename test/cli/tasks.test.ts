/** Tasks of every kind by YAML alone, from the sample log to metrics. */
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { pageElements, textsOfAll } from '../report/page-elements.js';
import { runMain } from './collect-output.js';
import { binaryMetrics, classMetrics } from './metric-names.js';

const configs = new URL('../../configs', import.meta.url).pathname;

let folder: string;

// The five tasks of the quickstart with numbers of items and of brands, and two tasks that nobody thought of: nothing but YAML.
const yaml = () => `
extends: ${configs}/quickstart.yaml
name: tasks
data: { root: ${configs}/../data-samples }
features:
  itemNumbers: { price: { scale: log }, rating: {} }
entities:
  shop: { units: 8 }
  icon: { units: 8 }
  brand:
    units: 8
    table: { files: ${folder}/brands.csv }
    fields: { brand: {} }
    numbers: { founded: {}, products: { scale: log } }
split: { trainingFrom: 2026-01-15, validationUsers: 0.3 }
tasks:
  nextPrice:
    kind: multiclass
    classes: 5
    labels:
      requests: sessionStart
      next: { behavior: [buy] }
      within: 2h
      level: { column: price, within: category }
  cartBrand:
    kind: binary
    candidate: brand
    labels: { requests: positive, positives: { behavior: [cart] }, negatives: { by: uniform, perPositive: 2 } }
model: { units: 8, attentionUnits: 8, userUnits: 8, candidateUnits: { item: 8 }, maxEvents: 10 }
train: { epochs: 1 }
eval: { bootstrapSamples: 10 }
preprocess: { folder: ${folder}/prepared }
run: { folder: ${folder}/runs }
`;

async function json(command: string, ...rest: string[]) {
  const output = await runMain([command, '-c', join(folder, 'tasks.yaml'), '--json', ...rest]);
  expect([output.code, output.code === 0 ? '' : output.stderr]).toEqual([0, '']);
  return JSON.parse(output.stdout);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dupn-tasks-'));
  await writeFile(join(folder, 'tasks.yaml'), yaml());
  const brands = Array.from({ length: 20 }, (_, at) => `b${`${at}`.padStart(3, '0')},${1990 + at},${at % 7}`);
  await writeFile(join(folder, 'brands.csv'), `brand_id,founded,products\n${brands.join('\n')}\n`);
});

describe.sequential('tasks by YAML alone', () => {
  it('are prepared together', async () => {
    const { tasks } = await json('preprocess');
    expect(Object.keys(tasks)).toEqual(['ctr', 'l2r', 'ppp', 'fifp', 'spp', 'nextPrice', 'cartBrand']);
    expect(tasks.l2r.features).toHaveLength(25);
    expect(Object.keys(tasks.ppp.counts.training)).toEqual(['0', '1', '2', '3', '4', '5', '6']);
    expect(tasks.spp).toMatchObject({ kind: 'binary', candidate: 'shop', classes: 2 });
    expect(tasks.nextPrice).toMatchObject({ kind: 'multiclass', candidate: null, classes: 5 });
    expect(Object.keys(tasks.nextPrice.counts.training)).toEqual(['0', '1', '2', '3', '4']);
    expect(tasks.cartBrand).toMatchObject({ kind: 'binary', candidate: 'brand' });
    const { 0: negatives, 1: positives } = tasks.cartBrand.counts.training;
    expect(negatives).toBe(2 * positives);
    expect(tasks.cartBrand.negativeRate).toBeGreaterThan(0);
  });

  it('are trained and measured together', async () => {
    await json('train');
    const { metrics, baselines, differences, slices } = await json('eval');
    expect(Object.keys(metrics).sort()).toEqual(
      [
        ...binaryMetrics('ctr', 'l2r', 'fifp', 'spp', 'cartBrand'),
        ...classMetrics('ppp', 'nextPrice'),
      ].sort(),
    );
    for (const [key, value] of Object.entries(metrics)) expect(Number.isFinite(value), key).toBe(true);
    expect(Object.keys(baselines.spp)).toEqual(['shop', 'popularity', 'seen', 'lastItem']);
    expect(Object.keys(baselines.fifp)).toEqual(['icon', 'popularity']);
    expect(Object.keys(baselines.l2r)).toEqual([
      ...['item', 'position', 'itemPosition', 'popularity', 'seen', 'lastItem'],
    ]);
    expect(Object.keys(baselines.ppp)).toEqual(['prior', 'lastItem']);
    expect(Object.keys(baselines.cartBrand)).toEqual(['brand', 'popularity', 'seen', 'lastItem']);
    // Each baseline has what the model has more, of what is resampled.
    for (const [task, ofTask] of Object.entries<Record<string, object>>(baselines)) {
      expect(Object.keys(differences[task])).toEqual(Object.keys(ofTask));
    }
    expect(Object.keys(differences.ppp.prior)).toEqual(['accuracy', 'logLoss', 'macroAuc']);
    const columns = (task: string) => slices[task].map(({ column }: { column: string }) => column);
    expect(columns('ctr')).toEqual(
      expect.arrayContaining(['position', 'candidate', 'item.shop', 'user.age']),
    );
    expect(columns('fifp')).toEqual(expect.arrayContaining(['icon.department', 'icon.popularity']));
    expect(columns('nextPrice')).toEqual(expect.arrayContaining(['behaviours', 'hour', 'user.gender']));
  });

  it('have a page with everything that there can be', async () => {
    const page = await readFile(join(folder, 'runs/tasks/eval/report.html'), 'utf8');
    const elements = pageElements(page);
    expect(textsOfAll(elements, 'h2')).toEqual([
      ...[
        'Results',
        'Learning',
        'ROC and calibration',
        'Slices',
        'Attention',
        'Behaviours',
        'Ranking',
        'Data',
        'Config',
      ],
    ]);
    const charts = elements
      .filter(({ name }) => name === 'svg')
      .map(({ attributes }) => attributes['aria-label']!);
    for (const title of [
      ...['Loss of l2r in training', 'AUC of ctr in validation', 'macro AUC of ppp in validation'],
      ...['ROC of spp', 'ROC of nextPrice', 'Calibration of cartBrand'],
    ]) {
      expect(
        charts.filter((label) => label.startsWith(`${title}.`)),
        title,
      ).toHaveLength(1);
    }
    const out = join(folder, 'again.html');
    const { code } = await runMain(['report', join(folder, 'runs/tasks'), '--out', out]);
    expect([code, await readFile(out, 'utf8')]).toEqual([0, page]);
  });

  it('are trained and measured by themselves on the same prepared data', async () => {
    const alone = ['--set', 'train.tasks=[spp]', '--set', 'run.name=alone'];
    await json('train', ...alone);
    const { metrics } = await json('eval', ...alone);
    expect(Object.keys(metrics)).toEqual(binaryMetrics('spp'));
  });

  it('refuse to evaluate a run of other tasks', async () => {
    const output = await runMain([
      'eval',
      '-c',
      join(folder, 'tasks.yaml'),
      '--set',
      'run.name=alone',
      '--log-level',
      'silent',
    ]);
    expect(output.code).toBe(2);
    expect(output.stderr).toMatch(/tasks/);
  });
});
