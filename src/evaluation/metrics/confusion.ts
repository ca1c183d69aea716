/** Confusion matrix: the weight of the samples by their class and the one that is predicted. */
import { predictedClass } from './accuracy.js';

export class Confusion {
  /** [label, predicted] */
  readonly weights: Float64Array;

  constructor(private readonly classes: number) {
    this.weights = new Float64Array(classes * classes);
  }

  /** Of the sample whose scores begin at `start`; its predicted class. */
  add(scores: Float32Array, start: number, label: number, weight: number): number {
    const predicted = predictedClass(scores, start, this.classes);
    this.weights[label * this.classes + predicted]! += weight;
    return predicted;
  }

  rows(): number[][] {
    return Array.from({ length: this.classes }, (_, label) => [
      ...this.weights.subarray(label * this.classes, (label + 1) * this.classes),
    ]);
  }
}
