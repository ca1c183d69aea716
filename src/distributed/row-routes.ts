/** The ways between the rows that each process has of tables and the holders of these: row r is with the process of rank r mod size, as its row floor(r / size). */
import { byHolder } from './by-holder.js';
import type { Collectives } from './collectives.js';
import { concatenate } from './concatenate.js';
import { paddedLength } from './padded-length.js';
import type { Rows } from './row-exchange.js';

type Numbers = Int32Array | Float32Array;
type ByTable<T extends Numbers> = Readonly<Record<string, T>>;
type Widths = Readonly<Record<string, number>>;

export class RowRoutes {
  readonly #tables: readonly string[];
  /** Of each table and holder, the positions in `rows` of what it holds. */
  readonly #positions: ReadonlyMap<string, readonly (readonly number[])[]>;

  private constructor(
    private readonly collectives: Collectives,
    private readonly rows: Rows,
    /** By process: of each holder, and of each table there, the number of rows. */
    private readonly counts: readonly Int32Array[],
    positions: ReadonlyMap<string, readonly (readonly number[])[]>,
  ) {
    this.#tables = [...positions.keys()];
    this.#positions = positions;
  }

  /** Of rows of the same tables on all processes. */
  static async between(collectives: Collectives, rows: Rows): Promise<RowRoutes> {
    const tables = Object.keys(rows).sort();
    const positions = new Map(tables.map((table) => [table, byHolder(rows[table]!, collectives.size)]));
    const own = Array.from({ length: collectives.size }, (_, holder) =>
      tables.map((table) => positions.get(table)![holder]!.length),
    );
    const counts = await collectives.allGather(Int32Array.from(own.flat()), 'numbers of rows');
    return new RowRoutes(collectives, rows, counts, positions);
  }

  /** The rows that all have of what is held here, by their places here, one process after the other. */
  places(): Promise<ByTable<Int32Array>> {
    const { size } = this.collectives;
    const entries = this.#tables.map((table) => [
      table,
      this.rows[table]!.map((row) => Math.floor(row / size)),
    ]);
    const ones = Object.fromEntries(this.#tables.map((table) => [table, 1]));
    return this.toHolders(Object.fromEntries(entries) as ByTable<Int32Array>, ones, 'row numbers');
  }

  /** What each has for its rows, of the same tables on all, to those who hold them: in the order of `places`. */
  async toHolders<T extends Numbers>(
    values: ByTable<T>,
    widths: Widths,
    purpose: string,
  ): Promise<ByTable<T>> {
    const { size } = this.collectives;
    const tables = this.#tables.filter((table) => values[table]);
    const [first] = tables;
    if (first === undefined) return {};
    const make = (length: number) => new (values[first]!.constructor as new (length: number) => T)(length);
    const length = this.#longest(tables, widths);
    const sent = make(size * length);
    for (let holder = 0; holder < size; holder++) {
      let at = holder * length;
      for (const table of tables) {
        const width = widths[table]!;
        for (const position of this.#positions.get(table)![holder]!) {
          sent.set(values[table]!.subarray(position * width, (position + 1) * width), at);
          at += width;
        }
      }
    }
    const got = await this.collectives.allToAll(sent, purpose);
    const taken = got.map(() => 0);
    return Object.fromEntries(
      tables.map((table) => {
        const parts = this.#asked(table).map((rows, from) => {
          const start = taken[from]!;
          taken[from] = start + rows * widths[table]!;
          return got[from]!.subarray(start, taken[from]) as T;
        });
        return [table, concatenate(make(parts.reduce((sum, part) => sum + part.length, 0)), parts)];
      }),
    );
  }

  /** What those who hold them have for `places`, to those who have the rows: in the order of theirs. */
  async fromHolders(
    values: ByTable<Float32Array>,
    widths: Widths,
    purpose: string,
  ): Promise<ByTable<Float32Array>> {
    const { size } = this.collectives;
    const length = this.#longest(this.#tables, widths);
    const sent = new Float32Array(size * length);
    const filled = Array.from({ length: size }, (_, from) => from * length);
    for (const table of this.#tables) {
      let start = 0;
      this.#asked(table).forEach((rows, from) => {
        const end = start + rows * widths[table]!;
        sent.set(values[table]!.subarray(start, end), filled[from]);
        filled[from]! += end - start;
        start = end;
      });
    }
    const got = await this.collectives.allToAll(sent, purpose);
    const taken = got.map(() => 0);
    return Object.fromEntries(
      this.#tables.map((table) => {
        const width = widths[table]!;
        const own = new Float32Array(this.rows[table]!.length * width);
        this.#positions.get(table)!.forEach((positions, holder) => {
          for (const position of positions) {
            const at = taken[holder]!;
            taken[holder] = at + width;
            own.set(got[holder]!.subarray(at, at + width), position * width);
          }
        });
        return [table, own];
      }),
    );
  }

  /** By process, how many rows of a table it has that are held here. */
  #asked(table: string): number[] {
    return this.counts.map((_, from) => this.#count(from, this.collectives.rank, table));
  }

  #count(from: number, holder: number, table: string): number {
    return this.counts[from]![holder * this.#tables.length + this.#tables.indexOf(table)]!;
  }

  /** Of what any process has for any holder: all parts have one length. */
  #longest(tables: readonly string[], widths: Widths): number {
    const lengths = this.counts.flatMap((_, from) =>
      this.counts.map((_, holder) =>
        tables.reduce((sum, table) => sum + this.#count(from, holder, table) * widths[table]!, 0),
      ),
    );
    return paddedLength(Math.max(...lengths));
  }
}
