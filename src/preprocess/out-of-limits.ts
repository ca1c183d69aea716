/** What DuckDB ran out of while preprocess worked, memory or disk, told as what the user can set. */
import { readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../common/errors.js';
import { systemCode } from '../common/system-problem.js';
import type { Config } from '../config/schema.js';

/** DuckDB leaves a tenth of the room that it found; what is free beside its own data is hardly more when it stops. */
const FULL_BELOW = 0.15;

const AGAIN = 'then run the command again; what was prepared before is as it was';

/**
 * The error for the user where DuckDB had too little memory or disk, with what it had put into the folder `work` still there; any
 * other error is returned as it is.
 */
export async function explainLimits(
  error: unknown,
  {
    phase,
    work,
    limits,
  }: { phase: string; work: string; limits: Pick<Config['preprocess'], 'memoryLimit' | 'threads'> },
): Promise<unknown> {
  const code = systemCode(error);
  if (code !== 'MEMORY_LIMIT' && code !== 'ENOSPC' && code !== 'EDQUOT') return error;
  const { memoryLimit, threads } = limits;
  const said = (error as Error).message.split('\n')[0];
  const settings = `preprocess.memoryLimit ${memoryLimit}, preprocess.threads ${threads ?? 'all cores'}`;
  const { used, free } = await roomIn(work);
  // Where it can't put anything on disk any more, DuckDB often calls it a lack of memory.
  if (code === 'MEMORY_LIMIT' && free >= FULL_BELOW * (free + used)) {
    const fewer = threads === 1 ? '' : ', or fewer threads (--set preprocess.threads=1)';
    return new UserError(
      `Cannot prepare the data: DuckDB had too little memory in the phase \`${phase}\` (${settings}; ${said})\n` +
        `  give it more (--set preprocess.memoryLimit=${doubled(memoryLimit)})${fewer}, ${AGAIN}`,
      { cause: error },
    );
  }
  return new UserError(
    `Cannot prepare the data: no space is left on the disk in the phase \`${phase}\` (${settings}; ${gigabytes(used)} of working data in ` +
      `${work}, ${gigabytes(free)} left there; ${said})\n` +
      `  make room there, name a folder on another disk (preprocess.folder), or raise preprocess.memoryLimit, which puts less there, ${AGAIN}`,
    { cause: error },
  );
}

/** Bytes of the files below a folder, and of what may still be put there. */
async function roomIn(folder: string): Promise<{ readonly used: number; readonly free: number }> {
  const { bavail, bsize } = await statfs(folder);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(
    files.map(async ({ parentPath, name }) => {
      // DuckDB may remove one meanwhile.
      const found = await stat(join(parentPath, name)).catch(() => null);
      return found?.size ?? 0;
    }),
  );
  return { used: sizes.reduce((sum, size) => sum + size, 0), free: bavail * bsize };
}

const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(2)} GB`;

/** Of a limit such as 400MB. */
const doubled = (limit: string) => `${2 * Number.parseFloat(limit)}${limit.slice(-2)}`;
