/**
 * Samples by rising score, equal scores in the order in which they came; any number of them in bounded memory: what is
 * beyond a run is sorted run by run into files, which are merged (external merge sort, Knuth vol. 3, 5.4).
 */
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { rankOrder } from '../rank-order.js';
import { RowFile } from './row-file.js';
import { copyRow, newRows, type SampleRows } from './sample-rows.js';

/** Rows that are sorted in memory, some 60 bytes each while they are. */
const RUN_ROWS = 2 ** 18;

/** Rows that are read from a run at a time. */
const BLOCK_ROWS = 2 ** 14;

/** Runs that are merged at a time, with a block of each in memory. */
const FAN_IN = 64;

export interface SorterOptions {
  /** For temporary files; it is made when the first one is written. */
  readonly folder: string;
  /** Part of their names, unlike that of any other sorter in the folder. */
  readonly name: string;
  /** Columns of codes. */
  readonly columns: number;
  readonly runRows?: number;
  readonly blockRows?: number;
  readonly fanIn?: number;
}

export class ScoreSorter {
  readonly #columns: number;
  readonly #runRows: number;
  readonly #fanIn: number;
  /** Runs of the same size, each FAN_IN times that of the level before; the oldest rows are in the last levels. */
  readonly #levels: RowFile[][] = [];
  #files = 0;
  #held: SampleRows;
  #length = 0;
  #sorted: SampleRows | RowFile | null = null;

  constructor(private readonly options: SorterOptions) {
    this.#columns = options.columns;
    this.#runRows = options.runRows ?? RUN_ROWS;
    this.#fanIn = options.fanIn ?? FAN_IN;
    this.#held = newRows(Math.min(1024, this.#runRows), options.columns);
  }

  /** Before the first call of `sorted`. */
  add(rows: SampleRows): void {
    for (let row = 0; row < rows.length; row++) {
      if (this.#length === this.#held.length) this.#makeRoom();
      copyRow(rows, row, this.#held, this.#length++, this.#columns);
    }
  }

  /**
   * All rows that were added, in pieces; what was yielded may be overwritten by the next piece. A pass may be long: signals
   * and timers have their turn between the pieces.
   */
  async *sorted(): AsyncGenerator<SampleRows> {
    this.#sorted ??= await this.#sort();
    const pieces = this.#sorted instanceof RowFile ? this.#sorted.blocks() : [this.#sorted];
    for (const rows of pieces) {
      yield rows;
      await setImmediate();
    }
  }

  /** Removes the files. */
  close(): void {
    for (const run of this.#levels.flat()) run.remove();
    this.#levels.length = 0;
    if (this.#sorted instanceof RowFile) this.#sorted.remove();
  }

  #makeRoom(): void {
    if (this.#length === this.#runRows) {
      this.#addRun(this.#writeRun(), 0);
      this.#length = 0;
      return;
    }
    const larger = newRows(Math.min(2 * this.#held.length, this.#runRows), this.#columns);
    for (const name of ['scores', 'weights', 'users', 'positives', 'codes'] as const) {
      larger[name].set(this.#held[name] as never);
    }
    this.#held = larger;
  }

  #order(): Uint32Array {
    return rankOrder(this.#held.scores.subarray(0, this.#length));
  }

  #newFile(): RowFile {
    const { folder, name, blockRows = BLOCK_ROWS } = this.options;
    const path = join(folder, `${name}-${this.#files++}.rows`);
    return new RowFile(path, this.#columns, Math.min(blockRows, this.#runRows));
  }

  #writeRun(): RowFile {
    const run = this.#newFile();
    for (const row of this.#order()) run.add(this.#held, row);
    run.finish();
    return run;
  }

  #addRun(run: RowFile, level: number): void {
    this.#levels[level] = [...(this.#levels[level] ?? []), run];
    if (this.#levels[level].length === this.#fanIn) {
      const runs = this.#levels[level];
      this.#levels[level] = [];
      const merged = this.#newFile();
      for (const _ of merge(runs, merged));
      this.#addRun(merged, level + 1);
    }
  }

  async #sort(): Promise<SampleRows | RowFile> {
    if (this.#levels.length === 0) {
      const sorted = newRows(this.#length, this.#columns);
      for (const [at, row] of this.#order().entries()) copyRow(this.#held, row, sorted, at, this.#columns);
      this.#held = newRows(0, this.#columns);
      return sorted;
    }
    if (this.#length > 0) this.#addRun(this.#writeRun(), 0);
    this.#held = newRows(0, this.#columns);
    const runs = this.#levels.toReversed().flat();
    this.#levels.length = 0;
    if (runs.length === 1) return runs[0]!;
    const merged = this.#newFile();
    for (const _ of merge(runs, merged)) await setImmediate();
    return merged;
  }
}

/** Where a run stands in the merge. */
interface Head {
  readonly blocks: Generator<SampleRows>;
  readonly run: number;
  rows: SampleRows;
  row: number;
}

const isBefore = (a: Head, b: Head): boolean => {
  const [x, y] = [a.rows.scores[a.row]!, b.rows.scores[b.row]!];
  return x < y || (x === y && a.run < b.run);
};

/** Runs from the oldest to the newest, by a binary heap of their next rows; they are removed. Yields now and then. */
function* merge(runs: readonly RowFile[], into: RowFile): Generator<void> {
  const heap = runs.map((file, run): Head => {
    const blocks = file.blocks();
    return { blocks, run, rows: blocks.next().value as SampleRows, row: 0 };
  });
  for (let at = heap.length >> 1; at >= 0; at--) sink(heap, at);
  while (heap.length > 0) {
    const head = heap[0]!;
    into.add(head.rows, head.row++);
    if (head.row === head.rows.length) {
      const { value, done } = head.blocks.next();
      head.row = 0;
      if (done) {
        const last = heap.pop()!;
        if (last !== head) heap[0] = last;
      } else {
        head.rows = value;
      }
      yield;
    }
    sink(heap, 0);
  }
  into.finish();
  for (const run of runs) run.remove();
}

function sink(heap: Head[], from: number): void {
  for (let at = from; ; ) {
    const left = 2 * at + 1;
    if (left >= heap.length) return;
    const child = left + 1 < heap.length && isBefore(heap[left + 1]!, heap[left]!) ? left + 1 : left;
    if (!isBefore(heap[child]!, heap[at]!)) return;
    [heap[at], heap[child]] = [heap[child]!, heap[at]!];
    at = child;
  }
}
