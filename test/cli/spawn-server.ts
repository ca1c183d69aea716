/** `dupn serve` as a process of its own, as signals come to it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const bin = new URL('../../bin/dupn.js', import.meta.url).pathname;

/** A line of its log. */
type Line = Readonly<Record<string, unknown>> & { readonly msg: string };

export interface SpawnedServer {
  readonly url: string;
  readonly child: ChildProcess;
  /** Those of its log so far. */
  messages(): string[];
  /** Waits for a line of the log whose message matches. */
  said(pattern: RegExp): Promise<Line>;
  /** Its exit code. */
  readonly ended: Promise<number | null>;
}

/** On a free port. The caller ends it. @throws when it ends before it serves, with what it wrote */
export async function spawnServer(
  argv: readonly string[],
  env: Record<string, string> = {},
): Promise<SpawnedServer> {
  const child = spawn(process.execPath, [bin, 'serve', '--port', '0', ...argv], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(child, 'close').then(([code]) => code as number | null);
  const lines: Line[] = [];
  let text = '';
  let look = () => {};
  createInterface({ input: child.stderr! }).on('line', (line) => {
    text += `${line}\n`;
    if (line.startsWith('{')) lines.push(JSON.parse(line) as Line);
    look();
  });
  const said = (pattern: RegExp) =>
    new Promise<Line>((resolve, reject) => {
      look = () => {
        const found = lines.find(({ msg }) => pattern.test(msg));
        if (found) resolve(found);
      };
      look();
      ended.then(() => reject(new Error(`the server ended: ${text}`)));
    });
  const { url } = await said(/^serving /);
  const messages = () => lines.map(({ msg }) => msg);
  return { url: url as string, child, said, messages, ended };
}
