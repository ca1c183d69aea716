/** `dupn train --local-cluster workers=2,ps=1`: the processes of a cluster on this machine, each told by TF_CONFIG which one it is. */
import { type ChildProcess, spawn } from 'node:child_process';
import { availableParallelism, constants } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { UserError } from '../common/errors.js';
import { holdInterrupt, Interrupted, onInterrupt } from '../common/interrupted.js';
import { LostCluster } from '../common/lost-cluster.js';
import { freePorts } from '../distributed/address.js';
import type { Io } from './io.js';

const PROGRAM = fileURLToPath(new URL('../../bin/dupn.js', import.meta.url));

/** When one has ended by a fault, the others find out by themselves; those that have not by then are ended. */
const GRACE_MS = 10_000;

/** Set for the processes that it starts. */
const LAUNCHED = 'DUPN_LAUNCHED';

/** What TensorFlow's server says of itself on stderr, whatever it is told. */
const GREETING = /^(WARNING: All log messages before absl|I0000 )/;

/**
 * `processes` is `workers=<n>` or `workers=<n>,ps=<n>`, `args` the command line of each. Resolves when all have ended well.
 * @throws LostCluster with the exit code of the first one that has not, Interrupted when a signal has stopped all
 */
export async function runLocalCluster(
  processes: string,
  args: readonly string[],
  { env, stderr }: Io,
): Promise<void> {
  const { workers, servers } = countsOf(processes);
  const addresses = (await freePorts(workers + servers)).map((port) => `127.0.0.1:${port}`);
  const cluster = {
    worker: addresses.slice(0, workers),
    ...(servers > 0 && { ps: addresses.slice(workers) }),
  };
  const names = Object.entries(cluster).flatMap(([type, all]) => all.map((_, index) => ({ type, index })));
  const threads = String(Math.max(1, Math.floor(availableParallelism() / workers)));
  const children = names.map((task) => {
    const tfConfig = { cluster, task };
    return spawn(process.execPath, [PROGRAM, ...args], {
      env: {
        TF_NUM_INTRAOP_THREADS: threads,
        TF_NUM_INTEROP_THREADS: '1',
        ...env,
        TF_CONFIG: JSON.stringify(tfConfig),
        [LAUNCHED]: '1',
      },
      stdio: isFirst(task) ? ['ignore', 'inherit', 'inherit', 'ipc'] : ['ignore', 'ignore', 'pipe', 'ipc'],
    });
  });
  for (const [index, child] of children.entries()) {
    if (!child.stderr) continue;
    createInterface(child.stderr).on('line', (line) => {
      if (!GREETING.test(line)) stderr.write(`${nameOf(names[index]!)}: ${line}\n`);
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
        if (code === 0 || first || (held.stop.aborted && code === exitCodeOf(held.stop.reason))) return;
        first = { index, code };
        timer = setTimeout(() => endAll('SIGKILL'), GRACE_MS);
      }),
    );
  } finally {
    clearTimeout(timer);
    endAll('SIGKILL');
    held.release();
    forget();
  }
  if (first) {
    throw new LostCluster(
      `${nameOf(names[first.index]!)} ended first, with exit code ${first.code}`,
      first.code,
    );
  }
  if (held.stop.aborted)
    throw new Interrupted(held.stop.reason as NodeJS.Signals, 'all processes have ended');
}

/** In one of its processes: ends as by a signal, with where training stands saved, when the launcher is gone. */
export function followLauncher({ env }: Pick<Io, 'env'>): void {
  if (!env[LAUNCHED] || !process.channel) return;
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel.unref();
}

const isFirst = ({ type, index }: { readonly type: string; readonly index: number }) =>
  type === 'worker' && index === 0;

const nameOf = ({ type, index }: { readonly type: string; readonly index: number }) => `${type} ${index}`;

function countsOf(text: string): { readonly workers: number; readonly servers: number } {
  const [, workers, servers = '0'] = /^workers=([1-9]\d*)(?:,ps=(\d+))?$/.exec(text) ?? [];
  if (workers) return { workers: Number(workers), servers: Number(servers) };
  throw new UserError(
    `Cannot start a local cluster: expected --local-cluster workers=<number>, or workers=<number>,ps=<number>, got ${JSON.stringify(text)}`,
  );
}

const exitCodeOf = (signal: NodeJS.Signals) => 128 + constants.signals[signal];

/** Its exit code, or what a shell would report of the signal that has ended it. */
const ended = (child: ChildProcess): Promise<number> =>
  new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? exitCodeOf(signal!)));
  });
