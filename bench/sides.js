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

/**
 * What PyTorch's own advice on tuning asks for, here of the allocator of glibc: to keep large blocks instead of fetching them from
 * the system at every operation. It saves the good model a sixth of its CPU time.
 */
const ALLOCATOR = {
  tuned: ['env', 'MALLOC_MMAP_THRESHOLD_=4294967296', 'MALLOC_TRIM_THRESHOLD_=8589934592'],
  plain: [],
};

/** The arguments of the PyTorch model of this repository; `what` is train, encode or epoch. */
export const torchCommand = (python, what, mode, prepared, threads) => [
  ...[...ALLOCATOR[mode], python, '-W', 'ignore', pathOf('./peers/dupn_torch.py'), what],
  ...['--mode', mode, '--batch', String(BATCH_REQUESTS), ...shared(prepared, threads)],
];

export const startTorch = (name, python, what, mode, prepared, threads) =>
  startSide(name, torchCommand(python, what, mode, prepared, threads), threads);

export const startDien = (name, python, prepared, threads) =>
  startSide(name, [python, '-W', 'ignore', pathOf('./peers/dien.py'), ...shared(prepared, threads)], threads);
