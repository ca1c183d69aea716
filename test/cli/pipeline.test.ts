import {
  appendFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { pageElements, textsOfAll } from '../report/page-elements.js';
import { runMain } from './collect-output.js';
import { binaryMetrics } from './metric-names.js';

const quickstart = new URL('../../configs/quickstart.yaml', import.meta.url).pathname;

let folder: string;
let shared: string[];

/** Runs a command on the generated log; its stdout is one JSON document. */
async function json(command: string, ...rest: string[]) {
  const output = await runMain([command, ...shared, '--json', ...rest]);
  expect([output.code, output.code === 0 ? '' : output.stderr]).toEqual([0, '']);
  return JSON.parse(output.stdout);
}

/** The message of a command that the user has to change something for. */
async function refusal(command: string, ...rest: string[]): Promise<string> {
  const output = await runMain([command, ...shared, '--json', '--log-level', 'silent', ...rest]);
  expect([output.code, output.stdout]).toEqual([2, '']);
  return output.stderr;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dupn-pipeline-'));
  const generated = await runMain([
    'generate',
    '--out',
    join(folder, 'log'),
    '--users',
    '80',
    '--days',
    '6',
    '--json',
  ]);
  expect(generated.code).toBe(0);
  expect(JSON.parse(generated.stdout).files['users.csv.gz']).toBe(80);
  const settings = [
    `data.root=${join(folder, 'log')}`,
    `preprocess.folder=${join(folder, 'prepared')}`,
    `run.folder=${join(folder, 'runs')}`,
    'split={trainingFrom: 2026-01-06, evaluationFrom: 2026-01-10, validationUsers: 0.2}',
    'model={units: 8, attentionUnits: 8, userUnits: 8, candidateUnits: {item: 8}, maxEvents: 20}',
    'train.epochs=2',
    'train.learningRate=0.001',
    'eval.bootstrapSamples=20',
  ];
  shared = ['-c', quickstart, ...settings.flatMap((setting) => ['--set', setting])];
});

describe.sequential('from a log to metrics', () => {
  it('preprocess accounts for every row', async () => {
    const result = await json('preprocess');
    const { read, kept, rejected, filtered } = result.events;
    expect(kept).toBeGreaterThan(100);
    expect(read).toBe(kept + rejected + filtered);
    expect(result).toMatchObject({ folder: join(folder, 'prepared/quickstart'), skipped: false, users: 80 });
  });

  it('preprocess leaves what is up to date, unless it is forced', async () => {
    expect((await json('preprocess')).skipped).toBe(true);
    expect((await json('preprocess', '--set', 'train.learningRate=0.5')).skipped).toBe(true);
    expect((await json('preprocess', '--force')).skipped).toBe(false);
  });

  it('eval asks for training first', async () => {
    expect(await refusal('eval')).toMatch(
      /^Cannot evaluate .*runs\/quickstart: expected trained weights in .*, got none/,
    );
  });

  it('train leaves a run folder that tells how it was made', async () => {
    const result = await json('train');
    expect(result).toMatchObject({ run: join(folder, 'runs/quickstart'), epochs: 2 });
    expect(result.steps).toBeGreaterThan(0);
    const read = (name: string) => readFile(join(folder, 'runs/quickstart', name), 'utf8');
    expect(await read('config.resolved.yaml')).toContain('units: 8');
    expect(JSON.parse(await read('env.json')).node).toBe(process.version);
    for (const name of ['train.log', 'metrics.jsonl']) {
      const records = (await read(name))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(records.length).toBeGreaterThan(0);
    }
  });

  it('train does not write over a run, but goes on with it or starts anew when told to', async () => {
    expect(await refusal('train')).toMatch(/--resume.*--force.*--set run\.name=NAME/);
    const resumed = await json('train', '--resume');
    const longer = await json('train', '--resume', '--set', 'train.epochs=3', '--set', 'train.patience=9');
    expect(longer.steps).toBe((resumed.steps / 2) * 3);
    const anew = await json('train', '--force');
    expect(anew.steps).toBe(resumed.steps);
  });

  it('train does not resume a run with other settings', async () => {
    const message = await refusal('train', '--resume', '--set', 'train.learningRate=0.5');
    expect(message).toContain('train.learningRate: was 0.001, now 0.5');
  });

  it('eval measures the run of the config, or one that is named', async () => {
    const result = await json('eval');
    expect(Object.keys(result.metrics).filter((key) => key.endsWith('[ctr]'))).toEqual(binaryMetrics('ctr'));
    expect(result.metrics['auc[ctr]']).toBeGreaterThan(0.3);
    expect(result.metrics['logLoss[ctr]']).toBeLessThan(1);
    expect(result.tasks.ctr.labels[0] + result.tasks.ctr.labels[1]).toBe(result.tasks.ctr.samples);
    const saved = JSON.parse(await readFile(result.file, 'utf8'));
    const { file: _, predictions, report, ...kept } = result;
    expect(saved).toEqual(kept);
    expect(saved.against).toBeNull();
    expect(report).toBe(join(folder, 'runs/quickstart/eval/report.html'));
    expect((await readdir(predictions)).sort()).toEqual(
      Object.keys(result.tasks)
        .map((task) => `${task}.parquet`)
        .sort(),
    );
    const other = ['--set', 'run.name=other'];
    expect((await json('eval', ...other, '--run', 'quickstart')).metrics).toEqual(result.metrics);
    expect((await json('eval', ...other, '--run', join(folder, 'runs/quickstart'))).metrics).toEqual(
      result.metrics,
    );
    const resolved = join(folder, 'runs/quickstart/config.resolved.yaml');
    const again = await runMain(['eval', '-c', resolved, '--json']);
    expect(JSON.parse(again.stdout).metrics).toEqual(result.metrics);
  });

  it('eval does not load weights of another model', async () => {
    expect(await refusal('eval', '--set', 'model.units=9')).toContain('units is 8 there, 9 here');
  });

  it('eval says where samples mean something else than in training, and where training did not end', async () => {
    const weights = ['--set', 'tasks.l2r.samples.weightBy={ bought: { "1": 9 } }'];
    const other = ['--set', `preprocess.folder=${join(folder, 'prepared-other')}`, ...weights];
    await json('preprocess', ...other);
    await json('train', '--set', 'run.name=stopped');
    expect((await json('eval', '--set', 'run.name=stopped')).warnings.run).toBeUndefined();
    const config = join(folder, 'runs/stopped/config.resolved.yaml');
    const text = await readFile(config, 'utf8');
    await writeFile(config, text.replace(/^( +epochs:) 2$/m, '$1 5'));
    const { warnings } = await json('eval', '--set', 'run.name=stopped', ...other);
    expect(warnings.l2r).toContain(
      'is measured on something else than it was trained on (tasks.l2r.samples.weightBy.bought.1: was 4, now 9)',
    );
    expect(warnings.ctr ?? '').not.toContain('something else');
    expect(warnings.run).toBe(
      'is not trained to its end, 2 of 5 epochs are done: dupn train --resume goes on',
    );
  });

  it('eval prints a table for people', async () => {
    const { stdout, code } = await runMain(['eval', ...shared]);
    expect(code).toBe(0);
    const lines = stdout.split('\n');
    expect(lines[0]).toMatch(/^ctr: \d+ samples \(by label \d+ \/ \d+\), \d+ requests, \d+ users$/);
    expect(lines[1]).toMatch(
      /^metric +model +95 % interval +item +position +itemPosition +popularity +seen +lastItem$/,
    );
    expect(lines[3]).toMatch(/^auc +0\.\d{4} +0\.\d{4} \.\. 0\.\d{4} +0\.\d{4}/);
    expect(stdout).toMatch(/^ctr: the worst slices/m);
    const run = join(folder, 'runs/quickstart/eval');
    const files = ['metrics: metrics.json', 'predictions: predictions', 'report: report.html'];
    expect(lines.slice(-4)).toEqual([...files.map((line) => line.replace(': ', `: ${run}/`)), '']);
  });

  it('eval slices by the columns that are asked for, and leaves nothing but its results', async () => {
    const { slices, file } = await json('eval', '--set', 'eval.slices=[hour, position]');
    const columns = (task: string) => slices[task].map(({ column }: { column: string }) => column);
    expect(columns('ctr')).toEqual(['hour', 'position']);
    expect(columns('spp')).toEqual(['hour']);
    const before = await readFile(file, 'utf8');
    expect(await refusal('eval', '--set', 'eval.slices=[hour, hours]')).toMatch(
      /^Cannot slice by hours \(eval\.slices\): no task has such a column; there are behaviours, user, .*item\.brand/,
    );
    expect(await readFile(file, 'utf8')).toBe(before);
    expect((await readdir(join(folder, 'runs/quickstart/eval'))).sort()).toEqual([
      'metrics.json',
      'predictions',
      'report.html',
      'report.json',
    ]);
  });

  it('eval leaves a page, which report makes again from its numbers', async () => {
    const run = join(folder, 'runs/quickstart');
    const page = await readFile(join(run, 'eval/report.html'), 'utf8');
    const elements = pageElements(page);
    expect(textsOfAll(elements, 'h1')).toEqual(['Run quickstart']);
    expect(elements.filter(({ name }) => name === 'svg').length).toBeGreaterThanOrEqual(8);
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
    const out = join(folder, 'again.html');
    const { code } = await runMain(['report', run, '--out', out]);
    expect(code).toBe(0);
    expect(await readFile(out, 'utf8')).toBe(page);
  });

  it('eval keeps its numbers where the page fails', async () => {
    const run = join(folder, 'runs/quickstart/eval');
    const learning = join(folder, 'runs/quickstart/metrics.jsonl');
    await rename(learning, `${learning}.kept`);
    await mkdir(learning);
    const before = (await stat(join(run, 'predictions/ctr.parquet'))).mtimeMs;
    const { code, stderr } = await runMain(['eval', ...shared, '--set', 'eval.ndcgAt=3']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('a folder stands where a file is needed')]);
    const saved = JSON.parse(await readFile(join(run, 'metrics.json'), 'utf8'));
    expect(saved.metrics).toHaveProperty(['ndcg@3[ctr]']);
    expect((await stat(join(run, 'predictions/ctr.parquet'))).mtimeMs).toBeGreaterThan(before);
    // The page of an evaluation before would show other numbers.
    expect((await readdir(run)).sort()).toEqual(['metrics.json', 'predictions']);
    await rm(learning, { recursive: true });
    await rename(`${learning}.kept`, learning);
  });

  it('eval is refused while another one works in the run', async () => {
    const both = await Promise.all([1, 2].map(() => runMain(['eval', ...shared, '--log-level', 'silent'])));
    expect(both.map(({ code }) => code).sort()).toEqual([0, 2]);
    const run = join(folder, 'runs/quickstart');
    expect(both.find(({ code }) => code === 2)!.stderr).toContain(
      `Cannot use the evaluation in ${run}: no other process may work in it, got process ${process.pid} on `,
    );
    const { metrics } = JSON.parse(await readFile(join(run, 'eval/metrics.json'), 'utf8'));
    expect(metrics['auc[ctr]']).toBeGreaterThan(0.3);
    expect((await readdir(join(run, 'eval'))).sort()).toEqual([
      ...['metrics.json', 'predictions', 'report.html', 'report.json'],
    ]);
    expect(await readdir(run)).not.toContain('.eval.lock');
  });

  it('show prints the sequence of a user', async () => {
    const events = (await json('show', '--user', 'u000001')).window;
    const early = await json('show', '--user', 'u000001', '--at', '2026-01-05 00:00');
    expect(early.window).toEqual([]);
    expect(
      events.every((event: { time: number }, i: number) => i === 0 || events[i - 1].time <= event.time),
    ).toBe(true);
    expect(await refusal('show', '--user', 'nobody')).toContain('nobody');
    expect(await refusal('show', '--user', 'u000001', '--at', 'noon')).toContain('got --at noon');
  });

  it('train names the setting that prepared data was made without', async () => {
    const message = await refusal('train', '--set', 'features.item.brand.minCount=2', '--set', 'run.name=x');
    expect(message).toContain('features.item.brand.minCount: was 1, now 2');
    expect(message).toContain(`run \`dupn preprocess -c ${quickstart}\``);
  });

  it('train works on prepared data whose inputs are elsewhere', async () => {
    await json('train', '--set', 'data.root=/nowhere', '--set', 'run.name=y', '--set', 'train.epochs=1');
  });

  it('train notices that a table has changed since it was prepared', async () => {
    const log = join(folder, 'log/events.csv.gz');
    await utimes(log, new Date(), new Date());
    const { stderr, code } = await runMain(['eval', ...shared]);
    expect(code).toBe(0);
    expect(stderr).toContain('a table was written to since it was prepared');
    await appendFile(log, 'x');
    expect(await refusal('eval')).toMatch(
      /events\.csv\.gz has changed since it was prepared: it had \d+ bytes, now \d+/,
    );
  });

  it('train says so when prepared data is damaged', async () => {
    await writeFile(join(folder, 'prepared/quickstart/manifest.json'), '{');
    expect(await refusal('train')).toMatch(
      /^Cannot read the prepared data: .*manifest\.json is damaged \(.*JSON.*\)\n {2}put a whole copy/,
    );
  });
});
