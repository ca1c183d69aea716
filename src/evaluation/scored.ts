/** Scored samples of one task: what every metric reads. */

/** All arrays [samples]. */
export interface Scored {
  /** Logits, or any other numbers that grow with the probability of a positive label. */
  readonly scores: Float32Array;
  /** 1 for a positive sample, 0 for a negative one. */
  readonly labels: Float32Array;
  readonly weights: Float32Array;
}
