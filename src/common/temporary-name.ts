/** Names beside a place under which a process writes what will stand there: `.<name>.<pid>.new`, so that no two share one. */
import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isRunning } from './processes.js';

/** Nothing stands there: what processes that were killed left beside the place is removed. */
export async function temporaryBeside(path: string): Promise<string> {
  const [folder, start] = [dirname(path), `.${basename(path)}.`];
  for (const entry of await readdir(folder).catch(() => [])) {
    const pid = entry.startsWith(start) ? /^(\d+)\.new$/.exec(entry.slice(start.length))?.[1] : undefined;
    // An earlier process may have had our number, the first of a container at each start.
    const isLeft = pid !== undefined && (Number(pid) === process.pid || !isRunning(Number(pid)));
    if (isLeft) await rm(join(folder, entry), { recursive: true, force: true });
  }
  return join(folder, `${start}${process.pid}.new`);
}
