/** What this machine says of its processes. */
import { readFileSync } from 'node:fs';

/** Whether there is a process of this number; one of another container is not seen. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Of another user, it may not be asked.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/**
 * When a process started, in ticks since the machine did, which tells it from a later one of its number: field 22 of
 * /proc/<pid>/stat, after the command in brackets. Null where the system does not say.
 */
export function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}
