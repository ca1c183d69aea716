/**
 * Calibration: predicted probabilities against what came, in bins of neighbouring predictions of equal weight (Nguyen and
 * O'Connor, EMNLP 2015); bins of equal width would put all predictions of a rare event into one.
 */
import type { CalibrationBin } from '../curves.js';

/** Ten bins, as is common. */
const CALIBRATION_BINS = 10;

/** Takes all samples by rising prediction. */
export class Calibration {
  readonly #samples: Float64Array;
  readonly #weights: Float64Array;
  readonly #predicted: Float64Array;
  readonly #observed: Float64Array;
  /** Of the weight of positives, if every prediction were right. */
  readonly #variances: Float64Array;
  #before = 0;
  /** The samples of the running prediction. */
  #prediction = Number.NaN;
  #tied = { samples: 0, weight: 0, squares: 0, observed: 0 };

  /** `weight` is that of all samples. */
  constructor(
    private readonly weight: number,
    private readonly bins = CALIBRATION_BINS,
  ) {
    this.#samples = new Float64Array(bins);
    this.#weights = new Float64Array(bins);
    this.#predicted = new Float64Array(bins);
    this.#observed = new Float64Array(bins);
    this.#variances = new Float64Array(bins);
  }

  add(prediction: number, positive: boolean, weight: number): void {
    if (prediction !== this.#prediction) {
      this.#settle();
      this.#prediction = prediction;
    }
    this.#tied.samples++;
    this.#tied.weight += weight;
    this.#tied.squares += weight * weight;
    if (positive) this.#tied.observed += weight;
  }

  /** After the last sample: those that have weight. */
  finish(): CalibrationBin[] {
    this.#settle();
    return Array.from(this.#weights, (weight, bin) => ({
      samples: this.#samples[bin]!,
      weight,
      predicted: this.#predicted[bin]! / weight,
      observed: this.#observed[bin]! / weight,
      deviation: Math.sqrt(this.#variances[bin]!) / weight,
    })).filter(({ weight }) => weight > 0);
  }

  /** Equal predictions go to the bin of their middle. */
  #settle(): void {
    const { samples, weight, squares, observed } = this.#tied;
    if (samples === 0) return;
    const middle = (this.#before + weight / 2) / this.weight;
    const bin = Math.min(this.bins - 1, Math.floor(this.bins * middle)) || 0;
    this.#samples[bin]! += samples;
    this.#weights[bin]! += weight;
    this.#predicted[bin]! += weight * this.#prediction;
    this.#observed[bin]! += observed;
    this.#variances[bin]! += squares * this.#prediction * (1 - this.#prediction);
    this.#before += weight;
    this.#tied = { samples: 0, weight: 0, squares: 0, observed: 0 };
  }
}

/** Expected calibration error (Naeini et al., AAAI 2015): the mean distance of a bin's prediction from what came; null without weight. */
export function expectedCalibrationError(bins: readonly CalibrationBin[]): number | null {
  let weight = 0;
  let sum = 0;
  for (const bin of bins) {
    weight += bin.weight;
    sum += bin.weight * Math.abs(bin.predicted - bin.observed);
  }
  return weight > 0 ? sum / weight : null;
}

/**
 * What the calibration error would be on average if every prediction were right: few samples miss it by chance. The mean distance of a
 * normal distribution from its mean is sqrt(2 / pi) deviations; null without weight.
 */
export function calibrationErrorByChance(bins: readonly CalibrationBin[]): number | null {
  let weight = 0;
  let sum = 0;
  for (const bin of bins) {
    weight += bin.weight;
    sum += bin.weight * bin.deviation * Math.sqrt(2 / Math.PI);
  }
  return weight > 0 ? sum / weight : null;
}
