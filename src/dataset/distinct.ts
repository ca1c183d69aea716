/**
 * Numbers integers of a known range in the order in which they are first met, over and over: a sparse set
 * (Briggs and Torczon, 1993), which costs 4 bytes for each integer of the range and nothing to empty.
 */
import { UserError } from '../common/errors.js';

export class Distinct {
  readonly #slotOf: Int32Array;
  #values = new Int32Array(1024);
  #size = 0;

  /** Takes the integers 0 .. range - 1; `name` says in errors what they are. */
  constructor(
    readonly range: number,
    readonly name: string,
  ) {
    this.#slotOf = new Int32Array(range);
  }

  get size(): number {
    return this.#size;
  }

  clear(): void {
    this.#size = 0;
  }

  /** The slot of a value; a value not met since the last clear() gets the next one. */
  slot(value: number): number {
    const slot = this.#slotOf[value]!;
    // slotOf of a value not met yet holds anything: the slot counts only if it is in use and points back.
    return slot < this.#size && this.#values[slot] === value ? slot : this.#add(value);
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
    this.#slotOf[value] = this.#size;
    this.#values[this.#size] = value;
    return this.#size++;
  }
}
