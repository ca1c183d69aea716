/** What a task that ranks gives its features: w(rep) over requests. */
import type { RankingFeature } from '../../common/prepared.js';
import { quantile } from '../quantile.js';
import type { FeatureWeight } from './insight.js';

/** `weights` row by row, [requests, features], at least one request; the largest mean of |w| first. */
export function describeFeatureWeights(
  features: readonly RankingFeature[],
  weights: Float32Array,
): FeatureWeight[] {
  const requests = weights.length / features.length;
  return features
    .map(({ name }, at) => {
      const values = Float64Array.from(
        { length: requests },
        (_, row) => weights[row * features.length + at]!,
      );
      const mean = (of: (value: number) => number) =>
        values.reduce((sum, value) => sum + of(value), 0) / requests;
      const size = mean(Math.abs);
      const average = mean((value) => value);
      values.sort();
      const weight = {
        feature: name,
        mean: average,
        low: quantile(values, 0.1),
        high: quantile(values, 0.9),
      };
      return { size, weight };
    })
    .sort((a, b) => b.size - a.size)
    .map(({ weight }) => weight);
}
