/**
 * Whether a slice of time was quiet: how many cores were busy with other processes, or taken away by other machines of the same
 * host (steal), from /proc/stat. Threads that wait for one another make a speed beside one busy core worthless.
 */
import { existsSync, readFileSync } from 'node:fs';

/** A clock tick of /proc is a hundredth of a second on Linux. */
const TICKS_PER_SECOND = 100;

/** Cores of other load beyond which a slice counts as disturbed. */
const QUIET_CORES = 0.1;
/** What the counting in ticks may miss of a slice, in seconds. */
const TOLERANCE_SECONDS = 0.05;

/** User and system time of a process and its ended children, in seconds; 0 once it is gone. */
function cpuSeconds(pid) {
  const file = `/proc/${pid}/stat`;
  if (!existsSync(file)) return 0;
  const fields = readFileSync(file, 'utf8').split(') ').at(-1).split(' ');
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_PER_SECOND;
}

function machineSeconds() {
  const [user, nice, system, , , irq, softirq, steal] = readFileSync('/proc/stat', 'utf8')
    .split('\n', 1)[0]
    .trim()
    .split(/\s+/)
    .slice(1)
    .map((ticks) => Number(ticks) / TICKS_PER_SECOND);
  return { busy: user + nice + system + irq + softirq, steal };
}

/** The processes below one. */
function descendants(pid) {
  const file = `/proc/${pid}/task/${pid}/children`;
  const children = existsSync(file) ? readFileSync(file, 'utf8').trim().split(/\s+/).filter(Boolean) : [];
  return children.flatMap((child) => [child, ...descendants(child)]);
}

/** Starts a measurement; the result ends it. Null where there is no /proc, so that nothing is known. */
export function gaugeLoad() {
  if (!existsSync('/proc/stat')) return () => null;
  const own = () => [process.pid, ...descendants(process.pid)].reduce((sum, pid) => sum + cpuSeconds(pid), 0);
  const startMs = performance.now();
  const before = { ...machineSeconds(), own: own() };
  return () => {
    const seconds = (performance.now() - startMs) / 1000;
    const after = { ...machineSeconds(), own: own() };
    const others = Math.max(0, after.busy - before.busy - (after.own - before.own));
    const steal = after.steal - before.steal;
    return {
      otherCores: round(others / seconds),
      stealCores: round(steal / seconds),
      disturbed: others + steal > QUIET_CORES * seconds + TOLERANCE_SECONDS,
    };
  };
}

const round = (value) => Number(value.toFixed(3));
