/** What is put right when a signal ends the process, which then ends as it would have without us. */

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The newest one first. */
const cleanups: (() => void)[] = [];

function interrupted(signal: NodeJS.Signals): void {
  for (const cleanUp of cleanups.splice(0).reverse()) cleanUp();
  listen(false);
  process.kill(process.pid, signal);
}

function listen(on: boolean): void {
  for (const signal of SIGNALS) {
    process.removeListener(signal, interrupted);
    if (on) process.on(signal, interrupted);
  }
}

/** `cleanUp` works at once, without waiting for anything. What is returned forgets it. */
export function onInterrupt(cleanUp: () => void): () => void {
  cleanups.push(cleanUp);
  listen(true);
  return () => {
    const at = cleanups.indexOf(cleanUp);
    if (at >= 0) cleanups.splice(at, 1);
    if (cleanups.length === 0) listen(false);
  };
}
