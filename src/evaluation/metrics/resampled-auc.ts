/** AUCs of groups of samples in many resamples of the users at once, from all samples by rising score. */

/** A sample that waits for the next score of its group, which tells whether it is tied. */
const NONE = -1;

export class ResampledAreas {
  // All [groups, width], but for the last three [groups].
  readonly #negatives: Float64Array;
  readonly #positives: Float64Array;
  readonly #pairs: Float64Array;
  readonly #tiedNegatives: Float64Array;
  readonly #tiedPositives: Float64Array;
  readonly #score: Float64Array;
  /** The row of `counts` of the only sample at the running score; NONE where there is none, or are several. */
  readonly #waiting: Int32Array;
  /** Its weight, negative of a negative sample. */
  readonly #waitingWeight: Float64Array;

  /** `counts` is how often each user was drawn in each resample, [users, width]. */
  constructor(
    groups: number,
    private readonly counts: Uint8Array,
    private readonly width: number,
  ) {
    const size = groups * width;
    this.#negatives = new Float64Array(size);
    this.#positives = new Float64Array(size);
    this.#pairs = new Float64Array(size);
    this.#tiedNegatives = new Float64Array(size);
    this.#tiedPositives = new Float64Array(size);
    this.#score = new Float64Array(groups).fill(Number.NEGATIVE_INFINITY);
    this.#waiting = new Int32Array(groups).fill(NONE);
    this.#waitingWeight = new Float64Array(groups);
  }

  add(group: number, score: number, positive: boolean, weight: number, user: number): void {
    if (weight === 0) return;
    if (score !== this.#score[group]) {
      this.#settle(group);
      this.#score[group] = score;
      this.#waiting[group] = user;
      this.#waitingWeight[group] = positive ? weight : -weight;
      return;
    }
    if (this.#waiting[group] !== NONE) {
      this.#tie(group, this.#waitingWeight[group]!, this.#waiting[group]!);
      this.#waiting[group] = NONE;
    }
    this.#tie(group, positive ? weight : -weight, user);
  }

  /** AUC of the group in each resample, NaN where one of the classes has no weight there, [width]. */
  areas(group: number): Float64Array {
    this.#settle(group);
    const start = group * this.width;
    return Float64Array.from({ length: this.width }, (_, at) => {
      const pairs = this.#positives[start + at]! * this.#negatives[start + at]!;
      return pairs > 0 ? this.#pairs[start + at]! / pairs : Number.NaN;
    });
  }

  #tie(group: number, weight: number, user: number): void {
    const { width, counts } = this;
    const tied = weight > 0 ? this.#tiedPositives : this.#tiedNegatives;
    const size = Math.abs(weight);
    const start = group * width;
    const from = user * width;
    for (let at = 0; at < width; at++) tied[start + at]! += size * counts[from + at]!;
  }

  #settle(group: number): void {
    const { width } = this;
    const start = group * width;
    const end = start + width;
    const user = this.#waiting[group]!;
    if (user === NONE) {
      for (let at = start; at < end; at++) {
        const negatives = this.#tiedNegatives[at]!;
        const positives = this.#tiedPositives[at]!;
        this.#pairs[at]! += positives * (this.#negatives[at]! + negatives / 2);
        this.#positives[at]! += positives;
        this.#negatives[at]! += negatives;
        this.#tiedNegatives[at] = 0;
        this.#tiedPositives[at] = 0;
      }
      return;
    }
    const { counts } = this;
    const from = user * width - start;
    const weight = this.#waitingWeight[group]!;
    this.#waiting[group] = NONE;
    if (weight > 0) {
      const [positives, pairs, negatives] = [this.#positives, this.#pairs, this.#negatives];
      for (let at = start; at < end; at++) {
        const counted = weight * counts[from + at]!;
        positives[at]! += counted;
        pairs[at]! += counted * negatives[at]!;
      }
    } else {
      const negatives = this.#negatives;
      for (let at = start; at < end; at++) negatives[at]! -= weight * counts[from + at]!;
    }
  }
}
