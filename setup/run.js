/** Runs other programs, with messages that name what is missing. */
import { spawnSync } from 'node:child_process';
import { SetupError } from './say.js';

/** The beginning, where the cause stands, and the end of what a program said. */
function excerpt(output) {
  const lines = output.trim().split('\n');
  return (lines.length > 30 ? [...lines.slice(0, 20), '...', ...lines.slice(-9)] : lines).join('\n');
}

/**
 * Runs a program to its end; its output goes to stderr when `show` is set, else it is returned.
 * `missing` is what to do where the program does not exist, `failed` where it ends with an error.
 */
export function run(command, args, { cwd, env, show = false, missing, failed }) {
  const result = spawnSync(command, args, {
    cwd,
    env: env ?? process.env,
    encoding: 'utf8',
    stdio: ['ignore', show ? 2 : 'pipe', show ? 2 : 'pipe'],
    maxBuffer: 1 << 28,
  });
  if (result.error) {
    if (result.error.code === 'ENOENT') throw new SetupError(`Cannot find ${command}. ${missing}`);
    throw result.error;
  }
  if (result.status !== 0) {
    const reason = result.signal ? `was stopped by ${result.signal}` : `ended with ${result.status}`;
    const output = show ? '' : `\n${excerpt(`${result.stdout}${result.stderr}`)}`;
    throw new SetupError(`${command} ${reason}. ${failed}${output}`);
  }
  return result.stdout ?? '';
}
