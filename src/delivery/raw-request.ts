/** What a model is asked with, before anything is encoded: texts and numbers by the names that the tables give them. */

/** Column -> its text; empty, null or not there is missing. */
export type Values = Readonly<Record<string, string | null | undefined>>;

/** An item, or an entity, that may be one that nothing knows yet. */
export interface RawRow {
  readonly id: string;
  /** What is known of it, by column of its table; wins over the table. Numbers as text. */
  readonly attributes?: Values;
}

/** One event of a history. */
export interface RawEvent {
  /** Microseconds since 1970. */
  readonly timeUs: number;
  readonly item: RawRow;
  /** The columns of the log. */
  readonly values: Values;
}

/** A user at a moment. */
export interface RawRequest {
  /** Microseconds since 1970. */
  readonly timeUs: number;
  /** In any order; events of one moment in theirs. What does not lie strictly before the request is left out. */
  readonly history: readonly RawEvent[];
  /** The columns of the profile table. */
  readonly profile: Values;
  /** The columns of the request: user fields of it, and the query. */
  readonly values: Values;
}

/** What a task judges of a request. */
export interface RawSample {
  /** Null for a task about the user alone. */
  readonly candidate: RawRow | null;
  /** Features of the sample by name, null for a missing one. */
  readonly features: Readonly<Record<string, number | null>>;
}
