/** Commands that are measured from their start to their end, as sides that take turns. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onCores } from './threads.js';

const measure = fileURLToPath(new URL('./peers/measure.py', import.meta.url));
export const dupn = fileURLToPath(new URL('../bin/dupn.js', import.meta.url));

/** A side that runs a command anew at each turn; it answers {seconds, cpuSeconds, peakRssBytes, stdout}. `before` is called first. */
export function commandSide(name, python, command, threads, before = () => {}) {
  return {
    name,
    async ask() {
      before();
      return runMeasured(name, python, command, threads);
    },
  };
}

/** @throws Error when the command fails, with what it said last */
export async function runMeasured(name, python, command, threads) {
  const folder = mkdtempSync(join(tmpdir(), 'dupn-bench-'));
  try {
    const file = join(folder, 'took.json');
    const { program, args, env } = onCores([python, measure, file, ...command], threads);
    const child = spawn(program, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr']) {
      child[stream].setEncoding('utf8').on('data', (text) => {
        said[stream] += text;
      });
    }
    const code = await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (code !== 0) throw new Error(`${name} ended with ${code}:\n${said.stderr.slice(-4000)}`);
    return { ...JSON.parse(readFileSync(file, 'utf8')), stdout: said.stdout };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
