import fc from 'fast-check';
import { expect, test } from 'vitest';
import { accuracy, predictedClass } from '../../../src/evaluation/metrics/accuracy.js';

test('the predicted class is the first of the largest scores', () => {
  const scores = fc.array(fc.constantFrom(-Infinity, -1, 0, 0.5, 2), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(scores, fc.integer({ min: 0, max: 3 }), (values, start) => {
      const row = Float32Array.from([...new Array<number>(start).fill(9), ...values, 9]);
      expect(predictedClass(row, start, values.length)).toBe(values.indexOf(Math.max(...values)));
    }),
    { seed: 1 },
  );
});

test('accuracy is a share of the weight; null without any', () => {
  expect(accuracy(3, 4)).toBe(0.75);
  expect(accuracy(0, 0)).toBeNull();
});
