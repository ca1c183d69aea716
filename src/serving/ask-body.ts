/** The bodies of requests, as their schemas let them through, and what they ask. */
import type { Cells } from '../delivery/cells.js';
import type { EventBody } from './given-event.js';

export interface UserBody {
  readonly user?: string;
  readonly time?: string;
  readonly history?: readonly EventBody[];
  readonly profile?: Cells;
  readonly values?: Cells;
  readonly query?: string;
}

export interface CandidateBody {
  readonly id: string;
  readonly attributes?: Cells;
  /** By name, before they are normalised. */
  readonly features?: Readonly<Record<string, number | null>>;
}

export interface ScoreBody extends UserBody {
  readonly tasks: readonly string[];
  /** item, or an entity -> what is judged. */
  readonly candidates?: Readonly<Record<string, readonly (string | CandidateBody)[]>>;
}

export interface EventsBody {
  readonly user: string;
  readonly events: readonly EventBody[];
}
