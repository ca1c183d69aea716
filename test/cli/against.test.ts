/** `dupn eval --against`: two runs on the samples that both have. */
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { RunEvaluation } from '../../src/cli/evaluate-run.js';
import { openDatabase, rowsOf } from '../../src/common/database.js';
import { tf } from '../../src/engine/tf.js';
import type { Against, PairedMetric } from '../../src/evaluation/against.js';
import { aucByPairs, groupBy, meanAuc } from '../evaluation/definitions.js';
import { runMain } from './collect-output.js';

const quickstart = new URL('../../configs/quickstart.yaml', import.meta.url).pathname;

/** What an evaluation leaves. */
const FILES = ['metrics.json', 'predictions', 'report.html', 'report.json'];

let folder: string;
let shared: string[];

const set = (...settings: string[]) => settings.flatMap((setting) => ['--set', setting]);

async function json<T>(command: string, ...rest: string[]): Promise<T> {
  const output = await runMain([command, ...shared, '--json', ...rest]);
  expect([output.code, output.code === 0 ? '' : output.stderr]).toEqual([0, '']);
  return JSON.parse(output.stdout);
}

const evaluate = (...rest: string[]) => json<RunEvaluation>('eval', ...rest);

/** On other prepared data: other features, and half of the day to be measured on. */
const fewer = set(
  'name=fewer',
  'run.name=fewer',
  'features.item.brand.minCount=2',
  'split.evaluationFrom=2026-01-10 13:00:00',
);

/** On the same samples, of which those of a search weigh four times as much. */
const heavy = set('name=heavy', 'run.name=heavy', 'tasks.ctr.samples.weightBy={scenario: {search: 4}}');

/** Without a value in each resample. */
const isResampled = (key: string) => !/^(ece|eceByChance|normalisedEntropy\[ppp)/.test(key);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dupn-against-'));
  await runMain(['generate', '--out', join(folder, 'log'), '--users', '60', '--days', '6', '--json']);
  shared = [
    ...['-c', quickstart, '--log-level', 'silent'],
    ...set(
      `data.root=${join(folder, 'log')}`,
      `preprocess.folder=${join(folder, 'prepared')}`,
      `run.folder=${join(folder, 'runs')}`,
      'split={trainingFrom: 2026-01-06, evaluationFrom: 2026-01-10, validationUsers: 0.2}',
      'model={units: 8, attentionUnits: 8, userUnits: 8, candidateUnits: {item: 8}, maxEvents: 20}',
      'train={epochs: 1, tasks: [ctr, ppp]}',
      'eval.bootstrapSamples=70',
      'run.name=one',
    ),
  ];
  await json('preprocess');
  await json('train');
  await json('train', ...set('run.name=two', 'train.seed=9', 'train.tasks=[ctr, ppp, spp]'));
  await json('train', ...set('run.name=shops', 'train.tasks=[spp]'));
  await json('preprocess', ...fewer);
  await json('train', ...fewer);
  await json('preprocess', ...heavy);
  await json('train', ...heavy);
});

const keysOf = ({ metrics }: Against) =>
  Object.entries(metrics).filter((entry): entry is [string, PairedMetric] => entry[1] !== null);

describe.sequential('a run against another', () => {
  it('differs in nothing from a copy of itself', async () => {
    await cp(join(folder, 'runs/one'), join(folder, 'runs/copy'), { recursive: true });
    const { against, metrics, tasks } = await evaluate('--against', 'copy');
    expect(against).toMatchObject({
      run: join(folder, 'runs/copy'),
      tasks: {
        ctr: { samples: tasks.ctr!.samples, of: tasks.ctr!.samples },
        ppp: { samples: tasks.ppp!.samples, of: tasks.ppp!.samples },
      },
    });
    expect(Object.keys(against!.metrics)).toEqual(Object.keys(metrics));
    for (const [key, paired] of keysOf(against!)) {
      expect(paired, key).toMatchObject({ value: metrics[key], other: metrics[key], difference: 0 });
      expect([paired.interval, paired.pValue], key).toEqual(
        isResampled(key) ? [{ low: 0, high: 0 }, 1] : [null, null],
      );
    }
  });

  it('on the same data differs by what the metrics of both differ', async () => {
    const two = await evaluate(...set('run.name=two', 'train.tasks=[ctr, ppp, spp]'));
    const { against, metrics, intervals } = await evaluate('--against', join(folder, 'runs/two'));
    expect(Object.keys(against!.tasks)).toEqual(['ctr', 'ppp']);
    const keys = keysOf(against!);
    expect(keys.map(([key]) => key)).toEqual(Object.keys(metrics));
    for (const [key, { value, other, difference, interval, pValue }] of keys) {
      expect(value, key).toBe(metrics[key]);
      expect(other, key).toBe(two.metrics[key]);
      expect(difference, key).toBe(metrics[key]! - two.metrics[key]!);
      if (!isResampled(key)) continue;
      expect(interval!.low, key).toBeLessThanOrEqual(interval!.high);
      expect(pValue, key).toBeGreaterThan(0);
      expect(pValue, key).toBeLessThanOrEqual(1);
      // Both were measured on the same users: intervals are those of either alone, shifted, only by chance.
      expect(interval!.low, key).toBeGreaterThanOrEqual(
        intervals[key]!.low - two.intervals[key]!.high - 1e-12,
      );
      expect(interval!.high, key).toBeLessThanOrEqual(intervals[key]!.high - two.intervals[key]!.low + 1e-12);
    }
    // Seen from the other side all is turned round.
    const back = await evaluate(
      ...set('run.name=two', 'train.tasks=[ctr, ppp, spp]'),
      ...['--against', 'one'],
    );
    for (const [key, { difference, interval, pValue }] of keysOf(back.against!)) {
      const there = against!.metrics[key]!;
      expect(difference, key).toBe(0 - there.difference);
      expect(pValue, key).toBe(there.pValue);
      if (interval) expect(interval.low, key).toBeCloseTo(-there.interval!.high, 12);
    }
  });

  it('on other prepared data is measured on what both have', async () => {
    const theirs = await evaluate(...fewer);
    const { against, tasks, predictions, metrics } = await evaluate('--against', 'fewer');
    // All that the other is measured on is a part of what this is measured on.
    for (const task of ['ctr', 'ppp']) {
      expect(against!.tasks[task]).toEqual({
        samples: theirs.tasks[task]!.samples,
        of: tasks[task]!.samples,
      });
      expect(theirs.tasks[task]!.samples).toBeLessThan(tasks[task]!.samples);
      expect(theirs.tasks[task]!.samples).toBeGreaterThan(10);
    }
    for (const [key, { value, other, difference }] of keysOf(against!)) {
      expect(other, key).toBeCloseTo(theirs.metrics[key]!, 10);
      expect(difference, key).toBe(value - other);
      // Not all samples of this run, so another number.
      if (key === 'auc[ctr]') expect(value).not.toBe(metrics[key]);
    }
    // Seen from the other side it has all samples, and the same users are drawn.
    const back = await evaluate(...fewer, '--against', 'one');
    for (const [key, { difference, interval, pValue }] of keysOf(back.against!)) {
      const there = against!.metrics[key]!;
      expect(difference, key).toBeCloseTo(-there.difference, 10);
      expect(pValue, key).toBe(there.pValue);
      if (interval) expect(interval.low, key).toBeCloseTo(-there.interval!.high, 10);
    }
    const { connection, close } = await openDatabase(folder, { memoryLimit: '200MB', threads: 1 });
    const rows = await rowsOf<[string, number, number, number]>(
      connection,
      `SELECT request_id, prediction, label, weight FROM read_parquet('${join(predictions, 'ctr.parquet')}')
       WHERE "time" >= TIMESTAMP '2026-01-10 13:00:00'`,
    );
    close();
    const samples = rows.map(([request, score, label, weight]) => ({ request, score, label, weight }));
    expect(samples).toHaveLength(theirs.tasks.ctr!.samples);
    expect(against!.metrics['auc[ctr]']!.value).toBeCloseTo(aucByPairs(samples)!, 4);
    const byRequest = [...groupBy(samples, ({ request }) => request).values()];
    expect(against!.metrics['gauc[ctr]']!.value).toBeCloseTo(meanAuc(byRequest)!, 4);
  });

  it('on the same samples of other weights weighs both as this run does', async () => {
    const theirs = await evaluate(...heavy);
    const { against, tasks, metrics } = await evaluate('--against', 'heavy');
    expect(against!.tasks.ctr).toEqual({ samples: tasks.ctr!.samples, of: tasks.ctr!.samples });
    expect(theirs.tasks.ctr!.samples).toBe(tasks.ctr!.samples);
    expect(theirs.tasks.ctr!.weight).toBeGreaterThan(1.1 * tasks.ctr!.weight);
    const { connection, close } = await openDatabase(folder, { memoryLimit: '200MB', threads: 1 });
    const samplesOf = async ({ predictions }: RunEvaluation) => {
      const rows = await rowsOf<[number, number, number]>(
        connection,
        `SELECT prediction, label, weight FROM read_parquet('${join(predictions, 'ctr.parquet')}')`,
      );
      return rows.map(([score, label, weight]) => ({ score, label, weight }));
    };
    const heavily = await samplesOf(theirs);
    close();
    // Every sample of this run weighs 1.
    expect(tasks.ctr!.weight).toBe(tasks.ctr!.samples);
    const lightly = heavily.map((sample) => ({ ...sample, weight: 1 }));
    const { value, other } = against!.metrics['auc[ctr]']!;
    expect(value).toBe(metrics['auc[ctr]']);
    expect(other).toBeCloseTo(aucByPairs(lightly)!, 4);
    expect(theirs.metrics['auc[ctr]']).toBeCloseTo(aucByPairs(heavily)!, 4);
    expect(Math.abs(other - theirs.metrics['auc[ctr]']!)).toBeGreaterThan(0.0003);
  });

  it('prints what differs', async () => {
    const { stdout, code } = await runMain(['eval', ...shared, '--against', 'two']);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      new RegExp(
        `^against ${join(folder, 'runs/two')}, on the samples of both: \\d+ of \\d+ of ctr, \\d+ of \\d+ of ppp$`,
        'm',
      ),
    );
    expect(stdout).toMatch(/^metric +this run +other +difference +95 % interval +p +this run is$/m);
    expect(stdout).toMatch(
      /^auc\[ctr\] +0\.\d{4} +0\.\d{4} +[+-]?0\.\d{4} +[+-]?0\.\d{4} \.\. [+-]?0\.\d{4} +[01]\.\d{3} +(better|worse|not told apart)$/m,
    );
    expect(stdout).toMatch(/^ece\[ctr\] +0\.\d{4} +0\.\d{4} +[+-]?0\.\d{4} +- +- +-$/m);
  });

  it('without a task in common, or without weights, is refused, and what is there stays', async () => {
    const file = join(folder, 'runs/one/eval/metrics.json');
    const before = await readFile(file, 'utf8');
    const refusal = async (...other: string[]) => {
      const { code, stdout, stderr } = await runMain(['eval', ...shared, '--json', '--against', ...other]);
      expect([code, stdout]).toEqual([2, '']);
      return stderr;
    };
    expect(await refusal('shops')).toContain(
      `Cannot compare with ${join(folder, 'runs/shops')}: required a task of this run (ctr, ppp), got spp`,
    );
    const nobody = join(folder, 'runs/nobody');
    const expected = 'expected the folder or the name of a trained run, got';
    expect(await refusal('nobody')).toContain(`Cannot compare with ${nobody}: ${expected} no such folder`);
    expect(await refusal(folder)).toContain(
      `Cannot compare with ${folder}: ${expected} a folder that is no run`,
    );
    const itself = `Cannot compare ${join(folder, 'runs/one')} with itself: name another run (--against)`;
    expect(await refusal('one')).toContain(itself);
    expect(await refusal(`${join(folder, 'runs/one')}/`)).toContain(itself);
    // Not after all has been scored.
    expect(await refusal('shops', '--log-level', 'info')).not.toContain('score');
    expect(await readFile(file, 'utf8')).toBe(before);
    expect((await readdir(join(folder, 'runs/one/eval'))).sort()).toEqual(FILES);
  });

  it('leaves no tensor and no file behind, of a failure after the scoring neither', async () => {
    const before = tf.memory().numTensors;
    await evaluate('--against', 'fewer');
    expect(tf.memory().numTensors).toBe(before);
    const file = join(folder, 'runs/one/eval/metrics.json');
    const samples = join(folder, 'prepared/fewer/samples/ppp/samples.parquet');
    await rename(samples, `${samples}.away`);
    const { code, stderr } = await runMain(['eval', ...shared, '--against', 'fewer']);
    expect(code).toBe(1);
    expect(stderr).toContain('samples/ppp/samples.parquet');
    expect(tf.memory().numTensors).toBe(before);
    // The predictions are of this evaluation, so that no older metrics stand beside them.
    expect((await readdir(join(folder, 'runs/one/eval'))).sort()).toEqual(['predictions']);
    expect(existsSync(join(folder, 'runs/one/.eval.lock'))).toBe(false);
    await rename(`${samples}.away`, samples);
    await evaluate('--against', 'fewer');
    expect(existsSync(file)).toBe(true);
  });
});
