/** Events that came since the prepared data, by user: the latest of each, up to a number of bytes; the users that were not met for longest go first. */
import type { GivenEvent } from './given-event.js';
import { SizedCache } from './sized-cache.js';

/** What was appended of a user. */
export interface Appended {
  /** Oldest first; those of one moment in the order in which they came. */
  readonly events: readonly GivenEvent[];
  /** Another one after every change, of whichever user. */
  readonly version: number;
}

const NOTHING: Appended = { events: [], version: 0 };

/** About what V8 takes for an event without its texts. */
const EVENT_BYTES = 200;

export class AppendedEvents {
  readonly #users: SizedCache<Appended>;
  #version = 0;

  /** `perUser` is the number of events that are kept of a user. */
  constructor(
    bytes: number,
    private readonly perUser: number,
  ) {
    this.#users = new SizedCache(bytes);
  }

  get bytes(): number {
    return this.#users.bytes;
  }

  get users(): number {
    return this.#users.size;
  }

  of(user: string): Appended {
    return this.#users.get(user) ?? NOTHING;
  }

  /** Returns how many events of the user are kept now. */
  append(user: string, events: readonly GivenEvent[]): number {
    const all = [...this.of(user).events, ...events].sort((a, b) => a.timeUs - b.timeUs).slice(-this.perUser);
    const bytes = all.reduce((sum, event) => sum + bytesOf(event), user.length);
    this.#users.set(user, { events: all, version: ++this.#version }, bytes);
    return this.of(user).events.length;
  }
}

function bytesOf({ item, values, attributes }: GivenEvent): number {
  return EVENT_BYTES + 2 * (item.length + JSON.stringify([values, attributes]).length);
}
