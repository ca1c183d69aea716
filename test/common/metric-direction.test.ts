import { expect, test } from 'vitest';
import { metricDirection } from '../../src/common/metric-direction.js';

test.each([
  [1, ['auc', 'gauc', 'gaucByUser', 'ndcg@10', 'mrr', 'accuracy', 'macroAuc']],
  [-1, ['logLoss', 'normalisedEntropy', 'ece']],
  [0, ['predictedOverObserved', 'eceByChance']],
] as const)('the direction %d is that of %j', (direction, metrics) => {
  expect(metrics.map(metricDirection)).toEqual(metrics.map(() => direction));
});
