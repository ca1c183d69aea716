/** The representation rep = [rep_s; u] of the requests of a batch, without samples or towers. */
import type { Batch } from '../dataset/batch.js';
import { numbers } from '../engine/numbers.js';
import { encode, type RequestQuery } from './forward.js';
import { gatherRows, rowsOfBatch } from './rows.js';
import { type ModelShape, stateUnits } from './shape.js';
import type { ModelWeights } from './weights.js';

/** Units of rep. */
export const representationUnits = (shape: ModelShape): number => stateUnits(shape) + shape.userUnits;

/** Row by row in the order of the batch, [batch, units]. */
export function representBatch(weights: ModelWeights, batch: Batch, query: RequestQuery): Float32Array {
  const { shape, dense } = weights;
  return numbers(() => {
    const rows = gatherRows(weights, rowsOfBatch(shape, batch));
    const gathered = Object.fromEntries(Object.entries(rows).map(([name, { values }]) => [name, values]));
    return encode(shape, (name) => dense.get(name)!.read(), gathered, batch).represent(query);
  });
}
