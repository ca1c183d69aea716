/** The representation rep = [rep_s; u] of the requests of a batch, without samples or towers. */
import type { Batch } from '../dataset/batch.js';
import { numbers } from '../engine/numbers.js';
import { rowVectors } from './fields.js';
import { encode, type RequestQuery } from './forward.js';
import { knownStates } from './known-states.js';
import { valuesOfBatch } from './rows.js';
import { candidateShape, tablesOf } from './shape.js';
import type { ModelWeights } from './weights.js';

/** Vectors e of the distinct items of a batch, row by row in the order of their slots, [items, units]. */
export function itemVectors(weights: ModelWeights, batch: Batch): Float32Array {
  const { shape } = weights;
  return numbers(() => {
    const gathered = valuesOfBatch(weights, batch, {
      tables: tablesOf(candidateShape(shape, 'item').fields),
    });
    return rowVectors(candidateShape(shape, 'item'), gathered, batch.items);
  });
}

/** Row by row in the order of the batch, [batch, units]; `states` as of `scoreBatch`. */
export function representBatch(
  weights: ModelWeights,
  batch: Batch,
  query: RequestQuery,
  states: Float32Array | null = null,
): Float32Array {
  const { shape, dense } = weights;
  return numbers(() => {
    const gathered = valuesOfBatch(weights, batch);
    const known = knownStates(shape, batch, states);
    return encode(shape, (name) => dense.get(name)!.read(), gathered, batch, known).represent(query);
  });
}
