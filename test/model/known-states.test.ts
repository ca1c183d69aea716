/** States that were worked out before give the scores that the histories give, whatever the batch says of their items. */
import { expect, test } from 'vitest';
import { tf } from '../../src/engine/tf.js';
import { statesOfBatch } from '../../src/model/known-states.js';
import { representBatch } from '../../src/model/represent.js';
import { scoreBatch } from '../../src/model/score.js';
import type { ModelShape } from '../../src/model/shape.js';
import { initialWeights } from '../../src/model/weights.js';
import { numberedShape, randomBatch, smallShape } from './random-batch.js';

const variants: ModelShape[] = [
  smallShape,
  { ...smallShape, variant: 'bplstm' },
  { ...smallShape, variant: 'bpatt' },
  { ...smallShape, variant: 'nobp' },
  { ...smallShape, peepholes: true },
  { ...smallShape, propertyFields: [] },
  numberedShape,
];

test.each(variants)('known states score as histories do: $variant, peepholes $peepholes', (shape) => {
  const weights = initialWeights(shape, 1, 1);
  const batch = randomBatch([4, 0, 2, 1]);
  const tensors = tf.memory().numTensors;
  const states = statesOfBatch(weights, batch);
  expect(states.length).toBe(batch.steps * 4 * shape.units);
  const expected = scoreBatch(weights, batch);
  const vectors = representBatch(weights, batch, 'none');
  const without = { ...batch, history: batch.history.map(() => 3) };
  const got = scoreBatch(weights, without, { states });
  expect(Object.keys(got)).toEqual(Object.keys(expected));
  for (const [task, logits] of Object.entries(expected)) expect(got[task], task).toEqual(logits);
  expect(representBatch(weights, without, 'none', states)).toEqual(vectors);
  // Other items are another history, where nothing is known of it.
  expect(representBatch(weights, without, 'none')).not.toEqual(vectors);
  expect(tf.memory().numTensors).toBe(tensors);
  weights.dispose();
});
