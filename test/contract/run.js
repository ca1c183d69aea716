/**
 * `npm run contract`: schemathesis asks a server whatever its OpenAPI document allows, and what it does not, in a virtual environment
 * of its own in the user's cache. No answer may be a fault of the server, or another than the document says.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { run } from '../../setup/run.js';
import { SetupError, say } from '../../setup/say.js';
import { pythonEnvironment } from '../python-environment.js';
import { dupn, makeTinyWorld } from '../tiny-world.js';

const bin = fileURLToPath(new URL('../../bin/dupn.js', import.meta.url));

/** Of an answer: no 5xx, a status, a type and a body that the document has. */
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_schema_conformance',
];
const EXAMPLES = 200;

async function serve(...args) {
  const child = spawn(process.execPath, [bin, 'serve', '--port', '0', ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  for await (const line of createInterface({ input: child.stderr })) {
    const { url, msg } = line.startsWith('{') ? JSON.parse(line) : {};
    if (url) {
      child.stderr.resume();
      return { url, child };
    }
    if (msg) continue;
    throw new SetupError(`dupn serve says: ${line}`);
  }
  throw new SetupError('dupn serve ended before it served.');
}

try {
  const python = await pythonEnvironment('contract', ['schemathesis']);
  const folder = await makeTinyWorld(60);
  try {
    const config = ['-c', join(folder, 'base.yaml')];
    const bundle = join(folder, 'bundle');
    for (const command of ['preprocess', 'train']) await dupn(command, ...config);
    await dupn('export', ...config, '--out', bundle);
    const { url, child } = await serve('--bundle', bundle, '--prepared', join(folder, 'prepared/tiny'));
    try {
      say(`asking ${url} ${EXAMPLES} times of each kind`);
      const checks = ['--checks', CHECKS.join(','), '--max-examples', String(EXAMPLES), '--seed', '1'];
      const said = await run(
        join(dirname(python), 'schemathesis'),
        ['run', `${url}/openapi.json`, ...checks],
        {
          missing: 'The virtual environment has no schemathesis; run this again.',
          failed: 'The server does not answer as its document says:',
        },
      );
      const summary = said.split('\n').filter((line) => /passed|Operations|Test cases|generated/i.test(line));
      for (const line of summary) say(line.trim());
      say('every answer is one that the document has');
    } finally {
      child.kill('SIGTERM');
      const [code] = await once(child, 'exit');
      if (code !== 0) say(`dupn serve ended with ${code}`);
    }
  } finally {
    rmSync(folder, { recursive: true, maxRetries: 3 });
  }
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  say(error.message);
  process.exitCode = 1;
}
