/** What is killed: preprocess, train, the writing of checkpoints, transfer and backtest, in a tiny world. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';

/** @returns {import('./killed.js').Scenario[]} in a folder of `makeTinyWorld` whose data is prepared */
export function scenarios(world) {
  const path = (...parts) => join(world, ...parts);
  const train = (name, ...settings) => ({
    name,
    command: [
      ...['train', '--resume', '-c', path('base.yaml'), ...set(`run.name=${name}`, 'train.epochs=4')],
      ...set('train.validationsPerEpoch=3', ...settings),
    ],
    ...checkpointsGrow(path('runs', name)),
    isHalf: () => isHalf(path('runs', name, 'checkpoints')),
    result: () => runResult(path('runs', name)),
  });
  return [
    {
      name: 'preprocess',
      // In the place of data that is there, and stays until the new one is whole.
      command: ['preprocess', '--force', '-c', path('base.yaml'), ...set('name=killed')],
      reset: () => {},
      checkWhole: () => checkPrepared(path('prepared/killed')),
      isHalf: () => isHalf(path('prepared')),
      result: () => preparedResult(path('prepared/killed')),
    },
    { ...train('train'), signals: ['SIGKILL', 'SIGKILL', 'SIGKILL', 'SIGTERM', 'SIGINT'] },
    { ...train('checkpoint', 'features.item.item.size=64'), moment: path('runs/checkpoint/checkpoints') },
    {
      name: 'transfer',
      command: ['transfer', '-c', path('transfer.yaml'), ...set('name=killed', 'seeds=[1]', 'fractions=[1]')],
      reset: () => rmSync(path('runs/killed'), { recursive: true, force: true }),
      checkWhole: () => {
        for (const run of runsIn(path('runs/killed'))) checkCheckpoints(run);
      },
      isHalf: () => runsIn(path('runs/killed')).some((run) => isHalf(join(run, 'checkpoints'))),
      result: () => experimentResult(path('runs/killed'), 'transfer.json'),
      signals: ['SIGKILL', 'SIGKILL', 'SIGKILL', 'SIGTERM'],
    },
    {
      // Updates of prepared data, and runs that start from others.
      name: 'backtest',
      command: ['backtest', '-c', path('backtest.yaml'), ...set('name=days', 'days=2')],
      reset: () => {
        rmSync(path('runs/days'), { recursive: true, force: true });
        for (const name of readdirSync(path('prepared'))) {
          if (name.includes('tiny-days')) rmSync(path('prepared', name), { recursive: true, force: true });
        }
      },
      checkWhole: () => {
        for (const run of runsIn(path('runs/days'))) checkCheckpoints(run);
        checkPrepared(path('prepared/tiny-days'));
      },
      isHalf: () =>
        isHalf(path('prepared')) || runsIn(path('runs/days')).some((run) => isHalf(join(run, 'checkpoints'))),
      result: () => experimentResult(path('runs/days'), 'backtest.json'),
      signals: ['SIGKILL', 'SIGKILL', 'SIGKILL', 'SIGINT'],
    },
  ];
}

/** Whether a folder is being made beside its place, or put there. */
const isHalf = (folder) =>
  existsSync(folder) && readdirSync(folder).some((name) => /^\..*\.(new|previous)$/.test(name));

const set = (...settings) => settings.flatMap((setting) => ['--set', setting]);
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

/** How long anything took differs from run to run. */
const withoutSeconds = (value) =>
  JSON.stringify(value, (key, part) => (/seconds/i.test(key) ? undefined : part));

function checkPrepared(folder) {
  const { previous } = besideOf(folder);
  const place = existsSync(folder) ? folder : previous;
  if (!existsSync(place)) return;
  checkFiles(place, readJson(join(place, 'manifest.json')).files);
}

const besideOf = (folder) => ({ previous: join(folder, '..', `.${folder.split('/').at(-1)}.previous`) });

function checkFiles(folder, files) {
  for (const [path, { bytes, sha256: expected }] of Object.entries(files)) {
    const got = readFileSync(join(folder, path));
    if (got.length !== bytes || sha256(got) !== expected) throw new Error(`${join(folder, path)} is damaged`);
  }
}

/** The step of the last checkpoint, whose files are whole; 0 where there is none yet. */
function checkCheckpoints(run) {
  let step = 0;
  for (const which of ['best', 'last']) {
    const folder = join(run, 'checkpoints', which);
    const place = existsSync(folder) ? folder : besideOf(folder).previous;
    if (!existsSync(place)) continue;
    const { files, state } = readJson(join(place, 'checkpoint.json'));
    checkFiles(place, files);
    if (which === 'last') {
      step = state.step;
      const metrics = join(run, 'metrics.jsonl');
      if (statSync(metrics).size < state.metricsBytes) throw new Error(`${metrics} is behind its checkpoint`);
    }
  }
  return step;
}

/** What a checkpoint has once is never lost again, until the run is begun anew. */
function checkpointsGrow(run) {
  let before = 0;
  return {
    checkWhole() {
      const step = checkCheckpoints(run);
      if (step < before) throw new Error(`${run} was at step ${before}, and is at ${step} now`);
      before = step;
    },
    reset() {
      rmSync(run, { recursive: true, force: true });
      before = 0;
    },
  };
}

function preparedResult(folder) {
  const { files, inputs: _, sha256: __, ...manifest } = readJson(join(folder, 'manifest.json'));
  return {
    manifest: sha256(JSON.stringify(manifest)),
    ...Object.fromEntries(Object.entries(files).map(([path, { sha256 }]) => [path, sha256])),
    files: filesIn(folder).join(),
    beside: readdirSync(join(folder, '..')).sort().join(),
  };
}

function runResult(run) {
  const result = {};
  for (const which of ['best', 'last']) {
    const folder = join(run, 'checkpoints', which);
    for (const name of ['weights.safetensors', 'optimizer.safetensors']) {
      result[`${which}/${name}`] = sha256(readFileSync(join(folder, name)));
    }
    const { state } = readJson(join(folder, 'checkpoint.json'));
    const { metricsBytes: _, ...rest } = state;
    result[`${which}/state`] = withoutSeconds(rest);
  }
  const lines = readFileSync(join(run, 'metrics.jsonl'), 'utf8').trimEnd().split('\n');
  result.metrics = lines.map((line) => withoutSeconds(JSON.parse(line))).join('\n');
  result.files = filesIn(run)
    .filter((path) => !path.startsWith('tensorboard/'))
    .join();
  return result;
}

const runsIn = (folder) =>
  existsSync(folder)
    ? readdirSync(folder)
        .map((name) => join(folder, name))
        .filter((path) => existsSync(join(path, 'config.resolved.yaml')))
    : [];

function experimentResult(folder, report) {
  const runs = runsIn(folder).flatMap((run) =>
    Object.entries(runResult(run)).map(([key, value]) => [`${relative(folder, run)}/${key}`, value]),
  );
  return { ...Object.fromEntries(runs), report: withoutSeconds(readJson(join(folder, report))) };
}

/** Hidden ones too: nothing half done is left. */
function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}
