/** The ROC curve (Fawcett 2006): shares of the positives and of the negatives at or above each score. */
import type { RocPoint } from '../curves.js';

/** No two points of a curve are nearer than this in both shares. */
const STEP = 1 / 200;

/** Takes all samples by rising score; the points that are kept are exact. */
export class Roc {
  #below = { positives: 0, negatives: 0 };
  #score = Number.NaN;
  readonly #points: RocPoint[] = [];

  /** Weight of all samples of each kind. */
  constructor(private readonly total: { readonly positives: number; readonly negatives: number }) {}

  add(score: number, positive: boolean, weight: number): void {
    if (score !== this.#score) {
      this.#point();
      this.#score = score;
    }
    if (positive) this.#below.positives += weight;
    else this.#below.negatives += weight;
  }

  /** From (0, 0) to (1, 1); null where one of the classes has no weight. */
  finish(): RocPoint[] | null {
    if (!(this.total.positives > 0 && this.total.negatives > 0)) return null;
    const end = { falsePositiveRate: 0, truePositiveRate: 0 };
    return [...this.#points, end].reverse();
  }

  #point(): void {
    const { positives, negatives } = this.total;
    const point = {
      falsePositiveRate: Math.max(0, 1 - this.#below.negatives / negatives),
      truePositiveRate: Math.max(0, 1 - this.#below.positives / positives),
    };
    const last = this.#points.at(-1);
    const far =
      !last ||
      last.falsePositiveRate - point.falsePositiveRate >= STEP ||
      last.truePositiveRate - point.truePositiveRate >= STEP;
    if (far) this.#points.push(point);
  }
}
