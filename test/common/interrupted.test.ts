import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';

const module = new URL('../../dist/common/interrupted.js', import.meta.url).href;

/** Runs a program that registers clean-ups and sends itself a signal: what it printed, exit status and signal. */
async function run(body: string): Promise<[string, number | null, string | null]> {
  const program = `import { onInterrupt } from ${JSON.stringify(module)};
    import { writeSync } from 'node:fs';
    const say = (text) => () => { writeSync(1, text); };
    ${body}
    setTimeout(() => {}, 10_000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  const [code, signal] = await once(child, 'close');
  return [text, code, signal];
}

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'])(
  'what %s interrupts is put right, the newest first, and the process ends by it',
  async (signal) => {
    const body = `onInterrupt(say('first ')); const forget = onInterrupt(say('forgotten ')); onInterrupt(say('last '));
      forget(); process.kill(process.pid, '${signal}');`;
    expect(await run(body)).toEqual(['last first ', null, signal]);
  },
);

test('once all is forgotten a signal finds nobody who listens', async () => {
  const body = `onInterrupt(say('forgotten'))(); say(String(process.listenerCount('SIGINT')))();
    process.kill(process.pid, 'SIGINT');`;
  expect(await run(body)).toEqual(['0', null, 'SIGINT']);
});
