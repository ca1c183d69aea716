import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';

const module = new URL('../../dist/common/interrupted.js', import.meta.url).href;

/** Runs a program that registers clean-ups and sends itself a signal: what it printed, exit status and signal. */
async function run(body: string): Promise<[string, number | null, string | null]> {
  const program = `import { holdInterrupt, onInterrupt } from ${JSON.stringify(module)};
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

const held = `const held = holdInterrupt(); onInterrupt(say('put right '));
  held.stop.addEventListener('abort', () => say('told ' + held.stop.reason + ' ')());
  const send = (signal, ms) => setTimeout(() => process.kill(process.pid, signal), ms);`;

test('who holds the signals is told of the first, and the second ends the process', async () => {
  expect(await run(`${held} send('SIGTERM', 0); send('SIGINT', 600);`)).toEqual([
    'told SIGTERM put right ',
    null,
    'SIGINT',
  ]);
});

test('what comes twice at once is one signal', async () => {
  const body = `${held} send('SIGINT', 0); send('SIGINT', 50); setTimeout(() => { say('alive ')(); process.exit(7); }, 200);`;
  expect(await run(body)).toEqual(['told SIGINT alive ', 7, null]);
});

test('a clean-up that fails keeps neither the others nor the end', async () => {
  const body = `onInterrupt(say('first ')); onInterrupt(() => { throw new Error('busy'); }); process.kill(process.pid, 'SIGTERM');`;
  expect(await run(body)).toEqual(['first ', null, 'SIGTERM']);
});

test('who holds the signals may deal with some alone, also after the first of the others', async () => {
  const body = `process.on('SIGHUP', say('own '));
    const held = holdInterrupt(['SIGHUP']); onInterrupt(say('put right '));
    held.stop.addEventListener('abort', () => say('told ' + held.stop.reason + ' ')());
    const send = (signal, ms) => setTimeout(() => process.kill(process.pid, signal), ms);
    send('SIGHUP', 0); send('SIGTERM', 100); send('SIGHUP', 500); send('SIGTERM', 900);`;
  expect(await run(body)).toEqual(['own told SIGTERM own put right ', null, 'SIGTERM']);
});

test('a signal ends the process again once it is held no more', async () => {
  const body = `${held} held.release(); send('SIGTERM', 0);`;
  expect(await run(body)).toEqual(['put right ', null, 'SIGTERM']);
});
