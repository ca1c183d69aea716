/**
 * Rows of embedding tables, and their gradients, between processes: what a batch reads comes from whoever holds it, what its gradients
 * are goes there.
 */
import { byHolder } from './by-holder.js';
import type { Collectives } from './collectives.js';
import { concatenate } from './concatenate.js';
import { paddedLength } from './padded-length.js';
import { type RowGradients, sumRows } from './sum-rows.js';

export type Rows = Readonly<Record<string, Int32Array>>;

/** Reads rows of a table that this process holds, by their place here: [rows, width]. */
export type ReadRows = (table: string, rows: Int32Array) => Float32Array;

/** The rows of a batch. */
export interface FetchedRows {
  /** Table -> [rows, width]; undefined where this process holds them all. */
  readonly values: Readonly<Record<string, Float32Array>> | undefined;
  /**
   * Table -> the rows that this process has to update, by their place here, with the gradients of all processes added up. `gradients` are
   * those of `values`; all processes name the same tables.
   */
  sum(gradients: Readonly<Record<string, Float32Array>>): Promise<Readonly<Record<string, RowGradients>>>;
}

export interface RowExchange {
  /** `rows` are the distinct rows that a batch reads, of the same tables on all processes. */
  fetch(rows: Rows, read: ReadRows): Promise<FetchedRows>;
  /** Rows that `sum` has named, by the same numbers. */
  valuesOf(table: string, rows: Int32Array, read: ReadRows): Promise<Float32Array>;
  /** Updates rows that `sum` has named where they are; undefined where this process holds them. */
  readonly update?: (
    table: string,
    rows: RowGradients,
    options: { readonly rate: number; readonly epsilon: number },
  ) => Promise<void>;
  /** Of numbers that each process has for the rows that it updates: those of all rows. */
  total(numbers: readonly number[]): Promise<readonly number[]>;
}

/** Every process holds all rows: gradients go to all. */
export class ReplicatedRows implements RowExchange {
  constructor(
    private readonly collectives: Collectives,
    private readonly widths: Readonly<Record<string, number>>,
  ) {}

  async fetch(rows: Rows): Promise<FetchedRows> {
    return { values: undefined, sum: (gradients) => this.#sum(rows, gradients) };
  }

  async valuesOf(table: string, rows: Int32Array, read: ReadRows): Promise<Float32Array> {
    return read(table, rows);
  }

  async total(numbers: readonly number[]): Promise<readonly number[]> {
    return numbers;
  }

  async #sum(
    rows: Rows,
    gradients: Readonly<Record<string, Float32Array>>,
  ): Promise<Record<string, RowGradients>> {
    const { collectives, widths } = this;
    const tables = Object.keys(gradients).sort();
    const counts = await collectives.allGather(
      Int32Array.from(tables, (table) => rows[table]!.length),
      'numbers of rows',
    );
    const floatsOf = (own: Int32Array) => own.reduce((sum, count, t) => sum + count * widths[tables[t]!]!, 0);
    const longest = (of: (own: Int32Array) => number) => paddedLength(Math.max(...counts.map(of)));
    const indices = new Int32Array(longest(total));
    const values = new Float32Array(longest(floatsOf));
    concatenate(
      indices,
      tables.map((table) => rows[table]!),
    );
    concatenate(
      values,
      tables.map((table) => gradients[table]!),
    );
    const allIndices = await collectives.allGather(indices, 'row numbers');
    const allValues = await collectives.allGather(values, 'row gradients');
    const readers = counts.map((_, rank) => ({ row: 0, float: 0, rank }));
    return Object.fromEntries(
      tables.map((table, t) => {
        const width = widths[table]!;
        const sum = counts.reduce((sum, own) => sum + own[t]!, 0);
        const [met, added] = [new Int32Array(sum), new Float32Array(sum * width)];
        let at = 0;
        for (const reader of readers) {
          const count = counts[reader.rank]![t]!;
          met.set(allIndices[reader.rank]!.subarray(reader.row, reader.row + count), at);
          const floats = allValues[reader.rank]!.subarray(reader.float, reader.float + count * width);
          added.set(floats, at * width);
          reader.row += count;
          reader.float += count * width;
          at += count;
        }
        return [table, sumRows(met, added, width)];
      }),
    );
  }
}

/** Row r is held by the process of rank r mod size alone, as its row floor(r / size). */
export class ShardedRows implements RowExchange {
  constructor(
    private readonly collectives: Collectives,
    private readonly widths: Readonly<Record<string, number>>,
  ) {}

  async valuesOf(table: string, rows: Int32Array, read: ReadRows): Promise<Float32Array> {
    return read(table, rows);
  }

  async total(numbers: readonly number[]): Promise<readonly number[]> {
    return [...(await this.collectives.allReduce(Float64Array.from(numbers), 'norms'))];
  }

  async fetch(rows: Rows, read: ReadRows): Promise<FetchedRows> {
    const { collectives, widths } = this;
    const { size, rank } = collectives;
    const tables = Object.keys(rows).sort();
    /** Of each table and holder, the positions in `rows` of what it holds. */
    const positions = tables.map((table) => byHolder(rows[table]!, size));
    const ranks = Array.from({ length: size }, (_, other) => other);
    const own = Int32Array.from(ranks.flatMap((holder) => positions.map((of) => of[holder]!.length)));
    const counts = await collectives.allGather(own, 'numbers of rows');
    /** How many rows of a table one process asks another for. */
    const asked = (from: number, holder: number, t: number) => counts[from]![holder * tables.length + t]!;
    const sumOf = (from: number, holder: number, weight: (t: number) => number) =>
      tables.reduce((sum, _, t) => sum + asked(from, holder, t) * weight(t), 0);
    const longest = (weight: (t: number) => number) =>
      paddedLength(Math.max(...ranks.flatMap((from) => ranks.map((holder) => sumOf(from, holder, weight)))));
    const widthOf = (t: number) => widths[tables[t]!]!;
    const [rowsLength, floatsLength] = [longest(() => 1), longest(widthOf)];

    const questions = new Int32Array(size * rowsLength);
    for (const holder of ranks) {
      let at = holder * rowsLength;
      tables.forEach((table, t) => {
        for (const position of positions[t]![holder]!) {
          questions[at++] = Math.floor(rows[table]![position]! / size);
        }
      });
    }
    const received = await collectives.allToAll(questions, 'row numbers');
    /** Of each table, the rows that all ask for here, one process after the other. */
    const wanted = tables.map(
      (_, t) => new Int32Array(ranks.reduce((sum, from) => sum + asked(from, rank, t), 0)),
    );
    const filled = tables.map(() => 0);
    for (const from of ranks) {
      let at = 0;
      tables.forEach((_, t) => {
        const count = asked(from, rank, t);
        wanted[t]!.set(received[from]!.subarray(at, at + count), filled[t]);
        filled[t]! += count;
        at += count;
      });
    }

    /** Parts for each process, of what lies table by table in the order of `wanted`. */
    const answers = new Float32Array(size * floatsLength);
    const ownRows = tables.map((table, t) => read(table, wanted[t]!));
    walk(
      ranks,
      tables,
      (from, t) => asked(from, rank, t) * widthOf(t),
      (from, t, at, start, length) => {
        answers.set(ownRows[t]!.subarray(at, at + length), from * floatsLength + start);
      },
    );
    const got = await collectives.allToAll(answers, 'rows');
    const values = tables.map((table) => new Float32Array(rows[table]!.length * widths[table]!));
    for (const holder of ranks) {
      let at = 0;
      tables.forEach((_, t) => {
        const width = widthOf(t);
        for (const position of positions[t]![holder]!) {
          values[t]!.set(got[holder]!.subarray(at, at + width), position * width);
          at += width;
        }
      });
    }
    return {
      values: Object.fromEntries(tables.map((table, t) => [table, values[t]!])),
      sum: async (gradients) => {
        const sent = new Float32Array(size * floatsLength);
        for (const holder of ranks) {
          let at = holder * floatsLength;
          tables.forEach((table, t) => {
            const width = widthOf(t);
            const gradient = gradients[table];
            for (const position of positions[t]![holder]!) {
              if (gradient) sent.set(gradient.subarray(position * width, (position + 1) * width), at);
              at += width;
            }
          });
        }
        const parts = await collectives.allToAll(sent, 'row gradients');
        const added = tables.map((_, t) => new Float32Array(wanted[t]!.length * widthOf(t)));
        walk(
          ranks,
          tables,
          (from, t) => asked(from, rank, t) * widthOf(t),
          (from, t, at, start, length) => {
            added[t]!.set(parts[from]!.subarray(start, start + length), at);
          },
        );
        return Object.fromEntries(
          tables.flatMap((table, t) =>
            gradients[table] ? [[table, sumRows(wanted[t]!, added[t]!, widthOf(t))]] : [],
          ),
        );
      },
    };
  }
}

const total = (counts: Int32Array) => counts.reduce((sum, count) => sum + count, 0);

/**
 * Goes through pieces that lie table by table in one order (`at`, by process within a table) and process by process in the other (`start`,
 * by table within the part of a process).
 */
function walk(
  ranks: readonly number[],
  tables: readonly string[],
  lengthOf: (from: number, t: number) => number,
  visit: (from: number, t: number, at: number, start: number, length: number) => void,
): void {
  const filled = tables.map(() => 0);
  for (const from of ranks) {
    let start = 0;
    tables.forEach((_, t) => {
      const length = lengthOf(from, t);
      visit(from, t, filled[t]!, start, length);
      filled[t]! += length;
      start += length;
    });
  }
}
