/** Holds a program to a number of threads: pinned to as many cores, and told so in the ways that the libraries know. */
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

const cores = availableParallelism();
const canPin = spawnSync('taskset', ['--version']).status === 0;

/** 1, and all cores. */
export const THREADS = cores > 1 ? [1, cores] : [1];
export const ALL_THREADS = cores;

/** The program, arguments and environment of a command on so many cores. */
export function onCores([program, ...args], threads) {
  const count = String(threads);
  const env = {
    TF_NUM_INTRAOP_THREADS: count,
    TF_NUM_INTEROP_THREADS: count,
    OMP_NUM_THREADS: count,
    MKL_NUM_THREADS: count,
    OPENBLAS_NUM_THREADS: count,
    POLARS_MAX_THREADS: count,
    // Threads that spin while they wait would take the cores from the other side.
    OMP_WAIT_POLICY: 'passive',
  };
  if (!canPin || threads === cores) return { program, args, env };
  return { program: 'taskset', args: ['-c', `0-${threads - 1}`, program, ...args], env };
}
