/** `dupn train --local-cluster workers=2`: the processes of a cluster on this machine, each told by TF_CONFIG which one it is. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { availableParallelism, constants } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { UserError } from '../common/errors.js';
import { holdInterrupt, Interrupted, onInterrupt } from '../common/interrupted.js';
import { LostCluster } from '../common/lost-cluster.js';
import type { Io } from './io.js';

const PROGRAM = fileURLToPath(new URL('../../bin/dupn.js', import.meta.url));

/** When one has ended by a fault, the others find out by themselves; those that have not by then are ended. */
const GRACE_MS = 10_000;

/** What TensorFlow's server says of itself on stderr, whatever it is told. */
const GREETING = /^(WARNING: All log messages before absl|I0000 )/;

/**
 * `processes` is `workers=<n>`, `args` the command line of each. Resolves when all have ended well.
 * @throws LostCluster with the exit code of the first one that has not, Interrupted when a signal has stopped all
 */
export async function runLocalCluster(
  processes: string,
  args: readonly string[],
  { env, stderr }: Io,
): Promise<void> {
  const workers = workersOf(processes);
  const addresses = (await freePorts(workers)).map((port) => `127.0.0.1:${port}`);
  const threads = String(Math.max(1, Math.floor(availableParallelism() / workers)));
  const children = addresses.map((_, index) => {
    const tfConfig = { cluster: { worker: addresses }, task: { type: 'worker', index } };
    return spawn(process.execPath, [PROGRAM, ...args], {
      env: {
        TF_NUM_INTRAOP_THREADS: threads,
        TF_NUM_INTEROP_THREADS: '1',
        ...env,
        TF_CONFIG: JSON.stringify(tfConfig),
      },
      stdio: index === 0 ? 'inherit' : ['ignore', 'ignore', 'pipe'],
    });
  });
  for (const [index, child] of children.entries()) {
    if (!child.stderr) continue;
    createInterface(child.stderr).on('line', (line) => {
      if (!GREETING.test(line)) stderr.write(`worker ${index}: ${line}\n`);
    });
  }
  const endAll = (signal: NodeJS.Signals) => {
    for (const child of children) child.kill(signal);
  };
  const forget = onInterrupt(() => endAll('SIGKILL'));
  const held = holdInterrupt();
  held.stop.addEventListener('abort', () => endAll(held.stop.reason as NodeJS.Signals));
  let timer: NodeJS.Timeout | undefined;
  let first: { readonly index: number; readonly code: number } | undefined;
  try {
    await Promise.all(
      children.map(async (child, index) => {
        const code = await ended(child);
        if (code === 0 || first) return;
        first = { index, code };
        timer = setTimeout(() => endAll('SIGKILL'), GRACE_MS);
      }),
    );
  } finally {
    clearTimeout(timer);
    held.release();
    forget();
  }
  if (held.stop.aborted)
    throw new Interrupted(held.stop.reason as NodeJS.Signals, 'all processes have ended');
  if (first)
    throw new LostCluster(`worker ${first.index} ended first, with exit code ${first.code}`, first.code);
}

function workersOf(text: string): number {
  const workers = /^workers=(\d+)$/.exec(text)?.[1];
  if (workers && Number(workers) > 0) return Number(workers);
  throw new UserError(
    `Cannot start a local cluster: expected --local-cluster workers=<number>, got ${JSON.stringify(text)}`,
  );
}

/** Of this machine, all different. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
          const server = createServer().once('error', reject);
          server.listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => (server.address() as { readonly port: number }).port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}

/** Its exit code, or what a shell would report of the signal that has ended it. */
const ended = (child: ChildProcess): Promise<number> =>
  new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? 128 + constants.signals[signal!]));
  });
