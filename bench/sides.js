/** The sides that train or encode: ours, and the peers in PyTorch. */
import { fileURLToPath } from 'node:url';
import { BATCH_REQUESTS, SIZES, TASKS } from './config.js';
import { startSide } from './side.js';

const pathOf = (name) => fileURLToPath(new URL(name, import.meta.url));

export const OURS = 'dupn';

/** `settings` of workers/dupn.js; `what` is train or encode. */
export const startOurs = (what, settings, threads) =>
  startSide(OURS, [process.execPath, pathOf('./workers/dupn.js'), what, JSON.stringify(settings)], threads);

const shared = (prepared, threads) => [
  ...['--prepared', prepared, '--task', TASKS[0]],
  ...['--sizes', JSON.stringify(SIZES), '--threads', String(threads)],
];

/** The arguments of the PyTorch model of this repository; `what` is train, encode or epoch. */
export const torchCommand = (python, what, mode, prepared, threads) => [
  ...[python, '-W', 'ignore', pathOf('./peers/dupn_torch.py'), what],
  ...['--mode', mode, '--batch', String(BATCH_REQUESTS), ...shared(prepared, threads)],
];

export const startTorch = (name, python, what, mode, prepared, threads) =>
  startSide(name, torchCommand(python, what, mode, prepared, threads), threads);

export const startDien = (name, python, prepared, threads) =>
  startSide(name, [python, '-W', 'ignore', pathOf('./peers/dien.py'), ...shared(prepared, threads)], threads);
