/**
 * What a signal that ends the process finds to do: work that asked for it comes to a good end first, a second signal ends
 * the process at once; what else is under way is put right, and the process ends as it would have without us.
 */
import { constants } from 'node:os';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** npm hands on to us what the terminal has sent us already: two signals within this time are one. */
const ONE_SIGNAL_MS = 300;

/** Work that a signal has ended, with what it had done saved. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';

  constructor(
    readonly signal: NodeJS.Signals,
    message: string,
  ) {
    super(message);
  }

  /** What a shell reports of a process that the signal has ended. */
  get exitCode(): number {
    return exitCodeOf(this.signal);
  }
}

/** The newest one first. */
const cleanups: (() => void)[] = [];

let held: ((signal: NodeJS.Signals) => void) | null = null;
/** Signals that who holds the others deals with by itself. */
let leftAlone: readonly NodeJS.Signals[] = [];
let heldAtMs = Number.NEGATIVE_INFINITY;

const exitCodeOf = (signal: NodeJS.Signals) => 128 + constants.signals[signal];

function interrupted(signal: NodeJS.Signals): void {
  if (leftAlone.includes(signal) || performance.now() - heldAtMs < ONE_SIGNAL_MS) return;
  if (held) {
    const tell = held;
    held = null;
    heldAtMs = performance.now();
    tell(signal);
    return;
  }
  putRight();
  listen(false);
  process.kill(process.pid, signal);
  // Only the first process of a container is still here: it has no signal that ends it.
  process.exit(exitCodeOf(signal));
}

/** Does at once what was asked for by `onInterrupt`, before the process ends. */
export function putRight(): void {
  for (const cleanUp of cleanups.splice(0).reverse()) {
    try {
      cleanUp();
    } catch {
      // Other threads still write, or the disk fails: the next command puts it right.
    }
  }
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
    listenWhileNeeded();
  };
}

export interface HeldInterrupt {
  /** Aborted by the first signal; its reason is that signal. */
  readonly stop: AbortSignal;
  /** From now on a signal ends the process again. */
  release(): void;
}

/**
 * The first signal ends nothing, and is told of by `stop`: who holds it ends by itself, soon. One holder at a time, which
 * may deal with some signals by itself (`but`).
 */
export function holdInterrupt(but: readonly NodeJS.Signals[] = []): HeldInterrupt {
  const controller = new AbortController();
  const tell = (signal: NodeJS.Signals) => controller.abort(signal);
  held = tell;
  leftAlone = but;
  heldAtMs = Number.NEGATIVE_INFINITY;
  listen(true);
  return {
    stop: controller.signal,
    release() {
      if (held === tell) held = null;
      leftAlone = [];
      listenWhileNeeded();
    },
  };
}

const listenWhileNeeded = () => {
  if (cleanups.length === 0 && !held) listen(false);
};
