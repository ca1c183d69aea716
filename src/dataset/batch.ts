/**
 * A batch as plain typed arrays: what the worker thread builds and hands over without a copy.
 * Every table row that a batch reads is named once (`tables`) and pointed at by `slots`, so that a training step
 * gathers it once, adds up its gradients and updates it once, whichever fields share the table.
 *
 * Sizes: B requests, T steps, U distinct items, P distinct property combinations, S samples of a task,
 * V distinct rows of a table. `[T, B]` is time-major: step t of request b is at t * B + b.
 */

/** A single-valued field: entry i has the row `tables[<its table>][slots[i]]`. */
export interface FieldSlots {
  /** Position in the rows of the table of each entry (item [U], property combination [P] or request [B]). */
  readonly slots: Int32Array;
}

/**
 * A multi-valued field: the values of all items one after the other, none where no item of the batch has a value.
 * `'segments' in field` tells the two apart.
 */
export interface MultiValuedSlots extends FieldSlots {
  /** Position in the rows of the table of each value, [values]. */
  readonly slots: Int32Array;
  /** Item slot that each value belongs to, non-decreasing, [values]. */
  readonly segments: Int32Array;
  /** Values of each item, 0 for an item without any, [U]. */
  readonly counts: Int32Array;
}

/** The distinct items of the windows and of the candidates, together. */
export interface BatchItems {
  /** U, at least 1. */
  readonly numItems: number;
  /** Item row (of the prepared item table) of each item slot, [U]. */
  readonly itemRows: Int32Array;
  /** Item field -> its values over the item slots. */
  readonly fields: Readonly<Record<string, FieldSlots | MultiValuedSlots>>;
  /** Numbers of each item slot, row by row, [U, numbers]; empty where items have none. */
  readonly numbers: Float32Array;
}

/** The distinct candidates of one entity. */
export interface BatchEntity {
  /** Row of the entity of each slot, [C]; C may be 0. */
  readonly entityRows: Int32Array;
  /** Field -> its values over the slots. */
  readonly fields: Readonly<Record<string, FieldSlots | MultiValuedSlots>>;
  /** Numbers of each slot, row by row, [C, numbers]; empty where the entity has none. */
  readonly numbers: Float32Array;
}

/** The distinct property combinations of the windows. */
export interface BatchProperties {
  /** P, at least 1. */
  readonly numProperties: number;
  /** Property code of each property slot, [P]. */
  readonly codes: Int32Array;
  /** Property field -> its values over the property slots. */
  readonly fields: Readonly<Record<string, FieldSlots>>;
}

/** The samples of one task that belong to the requests of a batch; S may be 0. */
export interface BatchSamples {
  /** Row of the batch that holds the request, non-decreasing, [S]. */
  readonly request: Int32Array;
  /** Slot of the candidate among the items or in its entity, [S]; empty for a task whose tower sees no candidate. */
  readonly candidate: Int32Array;
  /** Features of the samples, row by row, [S, features]; empty for a task without. */
  readonly features: Float32Array;
  /** The class, 0 or 1 of a binary task, [S]. */
  readonly label: Float32Array;
  /** [S] */
  readonly weight: Float32Array;
  /** Index of the sample in the task, [S]. */
  readonly sample: Int32Array;
}

export interface Batch {
  /** Index of each request in the prepared data, [B]. */
  readonly requests: Int32Array;
  /** T: events of the longest history of the batch, at least 1. */
  readonly steps: number;
  /** Events of each history, oldest first from step 0; 0 for an empty history, [B]. */
  readonly lengths: Int32Array;
  /** Item slot of each event, [T, B]; 0 (a valid slot) beyond a history's length. */
  readonly history: Int32Array;
  /** Property slot of each event, [T, B]; 0 (a valid slot) beyond a history's length. */
  readonly property: Int32Array;
  /** Table -> its distinct rows that the batch reads, in the order in which they are first met, [V]. */
  readonly tables: Readonly<Record<string, Int32Array>>;
  readonly items: BatchItems;
  readonly properties: BatchProperties;
  /** User field -> its values over the requests, slots [B]. */
  readonly users: Readonly<Record<string, FieldSlots>>;
  /** The words of the queries over the requests, segments [B]; null where the prepared data has no queries. */
  readonly query: MultiValuedSlots | null;
  /** The entities that these tasks judge. */
  readonly entities: Readonly<Record<string, BatchEntity>>;
  /** The tasks that were asked for. */
  readonly tasks: Readonly<Record<string, BatchSamples>>;
}
