import { expect, test } from 'vitest';
import { keyTitle, metricTitle } from '../../src/common/metric-title.js';

test('a metric is called what the page calls it, and the key of a task stays what it is', () => {
  expect(['auc', 'predictedOverObserved', 'ndcg@5', 'new'].map(metricTitle)).toEqual([
    ...['AUC', 'predicted / observed', 'NDCG@5', 'new'],
  ]);
  expect(['gaucByUser[l2r]', 'ctr', 'run'].map(keyTitle)).toEqual(['GAUC by user of l2r', 'ctr', 'run']);
});
