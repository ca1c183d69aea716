/** Requests as the model reads them: rows of embedding tables, property codes, normalised numbers. */

/** An item, or a row of an entity. */
export interface EncodedRow {
  /** Of each field in the order of the config: its table rows, one of a single-valued field. Typed arrays would take five times the memory. */
  readonly fields: readonly (readonly number[])[];
  /** Normalised. */
  readonly numbers: Float32Array;
  /** Whether the vocabulary has the id. */
  readonly isKnown: boolean;
}

export interface EncodedEvent {
  readonly item: EncodedRow;
  /** The property code. */
  readonly code: number;
}

export interface EncodedRequest {
  /** Oldest first, as many as the model reads at most. */
  readonly events: readonly EncodedEvent[];
  /** Of each user field: its table row. */
  readonly users: readonly number[];
  /** Table rows of the words of the query. */
  readonly words: readonly number[];
}

export interface EncodedSample {
  readonly candidate: EncodedRow | null;
  /** Normalised, in the order of the model, with the constant; empty for a task without features. */
  readonly features: readonly number[];
}

/** A request with what is judged of it. */
export interface AskedRequest {
  readonly request: EncodedRequest;
  /** Task -> its samples. */
  readonly tasks: Readonly<Record<string, readonly EncodedSample[]>>;
}
