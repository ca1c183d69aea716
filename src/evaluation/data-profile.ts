/** What the prepared data of a run looks like, in numbers that make pictures. */
import type { RowCounts, Split } from '../common/prepared.js';

export interface DataProfile {
  /** Requests by the number of behaviours in their window, of each part of the split; bins from 0, then 1, 2, 3-4, 5-8, ... */
  readonly lengths: readonly {
    /** `0`, `1`, `3-4`; the window's greatest length where it is cut. */
    readonly behaviours: string;
    readonly requests: Readonly<Record<Split, number>>;
  }[];
  /** Events by the values of each property field, the most frequent first, at most 20 and `(other)`. */
  readonly properties: readonly {
    readonly field: string;
    readonly values: readonly { readonly value: string; readonly events: number }[];
  }[];
  /** By the local day of the log's time zone, YYYY-MM-DD; days without an event too. */
  readonly eventsByDay: readonly { readonly day: string; readonly events: number }[];
  /** Requests by local day and part. */
  readonly requestsByDay: readonly {
    readonly day: string;
    readonly split: Split;
    readonly requests: number;
  }[];
  readonly rows: Readonly<Record<string, RowCounts>>;
}
