/**
 * What TensorBoard shows of a run that was killed and resumed while its server was looking on: each number of metrics.jsonl
 * at its step, once.
 */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { SetupError, say } from '../../setup/say.js';
import { askPython } from '../python-environment.js';
import { dupn, makeTinyWorld, startDupn } from '../tiny-world.js';

const reader = fileURLToPath(new URL('event_files.py', import.meta.url));

/** How long training may take to get somewhere, and TensorBoard to start or to read what is new. */
const PATIENCE_MS = 60_000;

/** @throws SetupError when TensorBoard reads anything but what metrics.jsonl says */
export async function checkTensorboard(interpreter) {
  const folder = await makeTinyWorld(60);
  const runs = join(folder, 'runs');
  const board = join(runs, 'tiny', 'tensorboard');
  const metrics = join(runs, 'tiny', 'metrics.jsonl');
  const config = ['-c', join(folder, 'base.yaml')];
  const settings = ['epochs=3', 'batchRequests=4', 'validationsPerEpoch=2'];
  const train = ['train', ...config, ...settings.flatMap((setting) => ['--set', `train.${setting}`])];
  const server = await startServer(interpreter, runs);
  try {
    await dupn('preprocess', ...config);
    await killBeyondCheckpoint(startDupn(...train), { board, metrics });
    const interrupted = readTensorboard(interpreter, board);
    const known = pointsOf(metrics);
    const count = (points) => Object.values(points).flat().length;
    for (const [tag, points] of Object.entries(known)) {
      requireSame(`${tag} of the killed run`, interrupted[tag]?.slice(0, points.length), points);
    }
    if (count(interrupted) <= count(known))
      throw new SetupError('the run was killed at its checkpoint, not beyond it');
    await server.shows('tiny/tensorboard', interrupted);

    await dupn(...train, '--resume');
    const whole = pointsOf(metrics);
    if (count(whole) <= count(known)) throw new SetupError('the run did not go on');
    requireSame('the resumed run', readTensorboard(interpreter, board), whole);
    await server.shows('tiny/tensorboard', whole);

    await dupn(...train, '--force', '--set', 'train.learningRate=0.002');
    const anew = pointsOf(metrics);
    requireSame('the run that was written over', readTensorboard(interpreter, board), anew);
    say(
      `TensorBoard: ${count(known)} numbers before the run was killed, ${count(whole)} after it was resumed: the same`,
    );
  } finally {
    server.stop();
    rmSync(folder, { recursive: true, maxRetries: 3 });
  }
}

/** Tag -> [step, value] of what metrics.jsonl has, as float32. */
function pointsOf(metrics) {
  const points = {};
  const lines = readFileSync(metrics, 'utf8').trim().split('\n');
  for (const { type, step, epoch, samples, ...numbers } of lines.map((line) => JSON.parse(line))) {
    for (const [name, value] of Object.entries(numbers)) {
      const tag = `${type}/${name.replace('[', '/').replace(']', '')}`;
      points[tag] = [...(points[tag] ?? []), [step, Math.fround(value)]];
    }
  }
  return points;
}

/** The same by TensorBoard's own reader, all event files of the folder together. */
const readTensorboard = (interpreter, board) => askPython(interpreter, reader, board);

function requireSame(what, got, expected) {
  const differs = difference(got, expected);
  if (differs) throw new SetupError(`TensorBoard: ${what} differs from metrics.jsonl: ${differs}`);
}

/** Empty where the two are the same, in whatever order their keys are. */
function difference(got, expected) {
  const sorted = (value) =>
    Array.isArray(value) ? JSON.stringify(value) : JSON.stringify(Object.entries(value ?? {}).sort());
  const [a, b] = [sorted(got), sorted(expected)];
  return a === b ? '' : `got ${a}, expected ${b}`;
}

async function waitFor(what, isSo) {
  const endMs = Date.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (Date.now() > endMs) throw new SetupError(`waited for ${PATIENCE_MS / 1000} s: ${what}`);
    await sleep(10);
  }
}

/** Kills the training when it has written steps that its checkpoint does not know. */
async function killBeyondCheckpoint(training, { board, metrics }) {
  const ended = new Promise((resolve) => training.once('exit', resolve));
  const written = () =>
    existsSync(board) ? readdirSync(board).map((name) => statSync(join(board, name)).size) : [0];
  const size = () => written().reduce((sum, bytes) => sum + bytes, 0);
  await waitFor('no validation yet', () => existsSync(metrics) && statSync(metrics).size > 0);
  const before = size();
  await waitFor('no step after the validation', () => size() > before || training.exitCode !== null);
  training.kill('SIGKILL');
  await ended;
}

/** TensorBoard on the loopback address, at a port that it chooses. */
async function startServer(interpreter, runs) {
  const args = [
    '-m',
    'tensorboard.main',
    '--logdir',
    runs,
    '--host',
    '127.0.0.1',
    '--port',
    '0',
    '--reload_interval',
    '1',
  ];
  const child = spawn(interpreter, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (said += text));
  const address = () => /http:\/\/127\.0\.0\.1:\d+\//.exec(said)?.[0];
  await waitFor('TensorBoard does not start', () => {
    if (child.exitCode !== null) throw new SetupError(`TensorBoard ended with ${child.exitCode}\n${said}`);
    return address() !== undefined;
  });
  const ask = async (path) => {
    const response = await fetch(`${address()}data/plugin/scalars/${path}`);
    if (!response.ok) throw new SetupError(`TensorBoard answers ${response.status} to ${path}`);
    return response.json();
  };
  return {
    stop: () => child.kill(),
    /** Waits until it shows exactly these points of a run. @throws SetupError when it does not */
    async shows(name, expected) {
      let differs = 'nothing yet';
      await waitFor('the server of TensorBoard shows something else than is expected', async () => {
        const tags = Object.keys((await ask('tags'))[name] ?? {});
        const points = tags.map(async (tag) => {
          const found = await ask(`scalars?${new URLSearchParams({ run: name, tag })}`);
          return [tag, found.map(([, step, value]) => [step, value])];
        });
        differs = difference(Object.fromEntries(await Promise.all(points)), expected);
        return differs === '';
      }).catch((error) => {
        throw new SetupError(`${error.message}: ${differs}`);
      });
    },
  };
}
