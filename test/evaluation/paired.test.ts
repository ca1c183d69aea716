import { expect, test } from 'vitest';
import { pairedMetrics } from '../../src/evaluation/paired.js';

test('differences are taken metric by metric and resample by resample', () => {
  const mine = {
    metrics: { 'auc[ctr]': 0.75, 'ece[ctr]': 0.1, 'gauc[ctr]': null, 'auc[own]': 0.5 },
    resampled: { 'auc[ctr]': Float64Array.of(0.7, 0.8, 0.9), 'gauc[ctr]': Float64Array.of(0, 0, 0) },
  };
  const other = {
    metrics: { 'ece[ctr]': 0.3, 'auc[ctr]': 0.5, 'gauc[ctr]': 0.6, 'auc[theirs]': 0.5 },
    resampled: { 'auc[ctr]': Float64Array.of(0.5, 0.5, 0.5), 'gauc[ctr]': Float64Array.of(0, 0, 0) },
  };
  const close = (value: number) => expect.closeTo(value, 12);
  // The 2.5 % quantile of .2, .3 and .4 is a twentieth of the way from the first to the second.
  const interval = { low: close(0.2 + 0.05 * 0.1), high: close(0.4 - 0.05 * 0.1) };
  const found = pairedMetrics(mine, other);
  expect(found).toEqual({
    'auc[ctr]': { value: 0.75, other: 0.5, difference: 0.25, interval, pValue: 0.5 },
    'ece[ctr]': { value: 0.1, other: 0.3, difference: close(-0.2), interval: null, pValue: null },
    'gauc[ctr]': null,
  });
  expect(Object.keys(found)).toEqual(['auc[ctr]', 'ece[ctr]', 'gauc[ctr]']);
});
