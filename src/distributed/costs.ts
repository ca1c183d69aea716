/** What the exchange between processes costs, by purpose. */
export interface Cost {
  calls: number;
  /** Handed over, or fetched from a server. */
  bytes: number;
  /** By the clock, once for calls that run together; the wait for slower processes included. */
  ms: number;
}

interface Running {
  calls: number;
  sinceMs: number;
}

export class Costs {
  readonly #byPurpose = new Map<string, Cost>();
  readonly #running = new Map<string, Running>();

  get byPurpose(): ReadonlyMap<string, Readonly<Cost>> {
    return this.#byPurpose;
  }

  /** Counts a call, and its bytes. */
  async count<T>(purpose: string, bytesOf: (result: T) => number, call: () => Promise<T>): Promise<T> {
    const cost = entryOf(this.#byPurpose, purpose, () => ({ calls: 0, bytes: 0, ms: 0 }));
    const running = entryOf(this.#running, purpose, () => ({ calls: 0, sinceMs: 0 }));
    if (running.calls++ === 0) running.sinceMs = performance.now();
    try {
      const result = await call();
      cost.bytes += bytesOf(result);
      return result;
    } finally {
      cost.calls++;
      if (--running.calls === 0) cost.ms += performance.now() - running.sinceMs;
    }
  }
}

function entryOf<Value>(entries: Map<string, Value>, key: string, made: () => Value): Value {
  const found = entries.get(key) ?? made();
  entries.set(key, found);
  return found;
}
