/**
 * Numbers integers of a known range in the order in which they are first met, over and over. It costs 4 bytes for
 * each integer of the range, one read for each value, and nothing to empty.
 */
import { UserError } from '../common/errors.js';

export class Distinct {
  /** base + slot of a value met since the last clear(); a value met earlier holds less than base. */
  readonly #numberOf: Int32Array;
  #base = 1;
  #values = new Int32Array(1024);
  #size = 0;

  readonly #lastNumber: number;

  /**
   * Takes the integers 0 .. range - 1; `name` says in errors what they are. The memory is wiped when `lastNumber`
   * slots have been given, which an Int32Array can't count beyond.
   */
  constructor(
    readonly range: number,
    readonly name: string,
    lastNumber = 2 ** 31 - 1,
  ) {
    this.#numberOf = new Int32Array(range);
    this.#lastNumber = lastNumber;
  }

  get size(): number {
    return this.#size;
  }

  clear(): void {
    this.#base += this.#size;
    this.#size = 0;
    if (this.#base + this.range > this.#lastNumber) {
      this.#numberOf.fill(0);
      this.#base = 1;
    }
  }

  /** The slot of a value; a value not met since the last clear() gets the next one. */
  slot(value: number): number {
    const slot = this.#numberOf[value]! - this.#base;
    return slot >= 0 ? slot : this.#add(value);
  }

  /** The values met since the last clear(), by slot; a copy. */
  values(): Int32Array {
    return this.#values.slice(0, this.#size);
  }

  #add(value: number): number {
    if (!(value >= 0 && value < this.range)) {
      throw new UserError(
        `Cannot use ${this.name} ${value}: 0 to ${this.range - 1}; the prepared data is damaged, run dupn preprocess again`,
      );
    }
    if (this.#size === this.#values.length) {
      const grown = new Int32Array(2 * this.#size);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#numberOf[value] = this.#base + this.#size;
    this.#values[this.#size] = value;
    return this.#size++;
  }
}
