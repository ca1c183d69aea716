/** Runs a command in-process and keeps what it writes. */
import { Readable, Writable } from 'node:stream';
import { main } from '../../src/cli/main.js';

export interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function runMain(
  argv: readonly string[],
  env: Record<string, string> = {},
  stdin = '',
): Promise<Output> {
  const [stdout, stderr] = [collect(), collect()];
  const code = await main(argv, {
    stdin: Readable.from([Buffer.from(stdin)]),
    stdout: stdout.stream,
    stderr: stderr.stream,
    env,
  });
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

function collect() {
  let text = '';
  const stream = new Writable({
    write(chunk, _, done) {
      text += chunk;
      done();
    },
  });
  return { stream, text: () => text };
}
