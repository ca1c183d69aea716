/** Runs other programs, with messages that name what is missing or why they failed. */
import { spawn } from 'node:child_process';
import { SetupError } from './say.js';

/** What programs, Node itself included, say of the usual causes; the first that matches is the one to tell. */
const CAUSES = [
  [
    /ENOSPC|No space left on device|EDQUOT|Disk quota exceeded/,
    'The disk is full: make room, or point XDG_CACHE_HOME (TensorFlow) or npm_config_cache (npm) to a larger one.',
  ],
  [
    /EACCES|EROFS|EPERM|Permission denied|Read-only file system/,
    'It may not write there: check the owner of the folder, or point XDG_CACHE_HOME or npm_config_cache elsewhere.',
  ],
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|NewConnectionError|Max retries exceeded|Read timed out|ProxyError|socket hang up/,
    'The registry cannot be reached: check the network, the proxy, and the mirror that is set up (`npm config get registry`, `pip config list`).',
  ],
  [
    /CERT_|certificate|SSLError/i,
    "The registry's certificate is not trusted here: see npm's cafile and pip's cert settings.",
  ],
  [/\bE40[13]\b|\b40[13] (?:Client|Forbidden|Unauthorized)/, 'The registry asks for a login or refuses it.'],
  [
    /EINTEGRITY/,
    'A package is not the one of package-lock.json: a broken download, or a mirror that changes packages.',
  ],
  [
    /EUSAGE/,
    'package-lock.json is not complete or not in step with package.json: run `npm install`, then `npm run lockfile`.',
  ],
  [
    /No matching distribution|Could not find a version/,
    'The index that pip uses does not offer this version for Linux x64: use one that does, or PIP_FIND_LINKS with a folder that has the wheel.',
  ],
];

/** The usual cause that `text` speaks of, or an empty string. */
export function causeOf(text) {
  return CAUSES.find(([pattern]) => pattern.test(text))?.[1] ?? '';
}

/** The beginning, where the cause stands, and the end of what a program said. */
function excerpt(output) {
  const lines = output.trim().split('\n');
  return (lines.length > 30 ? [...lines.slice(0, 20), '...', ...lines.slice(-9)] : lines)
    .map((line) => `    ${line}`)
    .join('\n');
}

/**
 * Runs a program to its end and resolves with what it printed; `show` passes that on to stderr too.
 * `missing` is what to do where the program does not exist, `failed` where it ends with an error.
 * `onStart` gets its process number.
 */
export async function run(command, args, { cwd, env, show = false, missing, failed, onStart }) {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: command.endsWith('.cmd'),
  });
  if (child.pid !== undefined) onStart?.(child.pid);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
      if (show) process.stderr.write(text);
    });
  }
  const { code, signal } = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal }));
  }).catch((error) => {
    if (error.code !== 'ENOENT') throw error;
    throw new SetupError(`Cannot find ${command}. ${missing}`);
  });
  if (code === 0) return output;
  const reason = signal ? `was stopped by ${signal}` : `ended with ${code}`;
  const said = show || output.trim() === '' ? '' : `\nIt said:\n${excerpt(output)}`;
  throw new SetupError(`${command} ${reason}. ${causeOf(output) || failed}${said}`);
}
