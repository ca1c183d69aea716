/** Runs lines of JavaScript that import setup's files, each in a Node of its own. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const setupFolder = fileURLToPath(new URL('../../setup/', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  /** stdout and stderr together. */
  readonly output: string;
}

export interface Running {
  readonly pid: number;
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<Ended>;
}

export function start(
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Running {
  const child = spawn(process.execPath, args, {
    cwd: options.cwd ?? setupFolder,
    env: options.env ?? process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
  return {
    pid: child.pid!,
    kill: (signal) => child.kill(signal),
    ended: new Promise((resolve) =>
      // Not 'close': what the process leaves running may hold its output open.
      child.once('exit', (code, signal) => setTimeout(() => resolve({ code, signal, output }), 50)),
    ),
  };
}

/** Runs `source` with the named exports of a file of setup/ in scope. */
export function startSetup(
  file: string,
  source: string,
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Running {
  const url = new URL(`../../setup/${file}`, import.meta.url).href;
  const program = `const setup = await import(${JSON.stringify(url)});\n${source}`;
  return start(['--input-type=module', '-e', program], options);
}
