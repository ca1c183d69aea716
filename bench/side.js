/** A program that is measured slice by slice: it is started once, waits for commands (a line of JSON each) and answers each by a line. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { gaugeLoad } from './load.js';
import { onCores } from './threads.js';

/** Ends a side; a training step of a large table may still be under way. */
const KILL_AFTER_MS = 10_000;

/**
 * Starts a program on so many threads. `name` stands in results, `command` is the program with its arguments.
 * @returns {Promise<{name: string, info: object, ask(command: object): Promise<object>, close(): Promise<void>}>} `info` is what it says of itself
 */
export async function startSide(name, command, threads, env = {}) {
  const { program, args, env: threadEnv } = onCores(command, threads);
  const child = spawn(program, args, {
    env: { ...process.env, ...threadEnv, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said = (said + text).slice(-4000);
  });
  // A child that has ended no longer reads; its end is reported by the reader below.
  child.stdin.on('error', () => {});
  const ended = new Promise((resolve) => child.once('close', resolve));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  async function answer() {
    for (;;) {
      const { value, done } = await lines.next();
      if (done) throw new Error(`${name} (${command.join(' ')}) ended with ${await ended}:\n${said}`);
      // Libraries print greetings of their own.
      if (value.startsWith('{')) return JSON.parse(value);
    }
  }
  const info = await answer();
  return {
    name,
    info,
    ask(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      return answer();
    },
    async close() {
      child.stdin.end();
      const timer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** One slice: what the side did in about so many seconds (or a number of steps), and what else the machine did meanwhile. */
export async function slice(side, request) {
  const stop = gaugeLoad();
  const answer = await side.ask(request);
  return { side: side.name, ...answer, ...stop() };
}
