/**
 * Rows of embedding tables, and their gradients, between processes: what a batch reads comes from whoever holds it, what its gradients
 * are goes there.
 */
import { mapValues } from '../common/map-values.js';
import type { Collectives } from './collectives.js';
import { concatenate } from './concatenate.js';
import { paddedLength } from './padded-length.js';
import { RowRoutes } from './row-routes.js';
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
    return [...(await this.collectives.sumOfFew(Float64Array.from(numbers), 'norms'))];
  }

  async fetch(rows: Rows, read: ReadRows): Promise<FetchedRows> {
    const { collectives, widths } = this;
    const routes = await RowRoutes.between(collectives, rows);
    const places = await routes.places();
    const asked = mapValues(places, (own, table) => read(table, own));
    return {
      values: await routes.fromHolders(asked, widths, 'rows'),
      sum: async (gradients) => {
        const parts = await routes.toHolders(gradients, widths, 'row gradients');
        return mapValues(parts, (values, table) => sumRows(places[table]!, values, widths[table]!));
      },
    };
  }
}

const total = (counts: Int32Array) => counts.reduce((sum, count) => sum + count, 0);
