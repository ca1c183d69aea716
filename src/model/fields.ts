/** From table rows to the concatenated vectors of items (e), property combinations (p) or users. */
import type { Tensor2D } from '@tensorflow/tfjs-node';
import type { BatchEntity, FieldSlots, MultiValuedSlots } from '../dataset/batch.js';
import { takeRows } from '../engine/take-rows.js';
import { tf } from '../engine/tf.js';
import type { FieldShape, RowShape } from './shape.js';

/** Rows that a batch reads of each table, by table name: [rows, size]. */
export type GatheredRows = Readonly<Record<string, Tensor2D>>;

/** The embedding of one field for each entry; a multi-valued field without values is a zero vector. */
function fieldVectors(field: FieldShape, rows: Tensor2D, at: FieldSlots | MultiValuedSlots): Tensor2D {
  if (!('segments' in at)) return takeRows(rows, tf.tensor1d(at.slots, 'int32'));
  const entries = at.counts.length;
  if (at.slots.length === 0) return tf.zeros([entries, field.size]);
  const values = takeRows(rows, tf.tensor1d(at.slots, 'int32'));
  const sums = tf.unsortedSegmentSum(values, tf.tensor1d(at.segments, 'int32'), entries) as Tensor2D;
  if (field.pooling === 'sum') return sums;
  const factors = Float32Array.from(at.counts, (count) => 1 / Math.max(1, count));
  return tf.mul(sums, tf.tensor2d(factors, [entries, 1]));
}

/** The fields' embeddings side by side, [entries, sum of sizes]; null without fields. */
export function concatenatedFields(
  fields: readonly FieldShape[],
  gathered: GatheredRows,
  batch: Readonly<Record<string, FieldSlots | MultiValuedSlots>>,
): Tensor2D | null {
  if (fields.length === 0) return null;
  const vectors = fields.map((field) => {
    const rows = gathered[field.table];
    const at = batch[field.name];
    if (!rows || !at) throw new Error(`the batch lacks the field \`${field.name}\` of ${field.table}`);
    return fieldVectors(field, rows, at);
  });
  return vectors.length === 1 ? vectors[0]! : (tf.concat(vectors, 1) as Tensor2D);
}

/** [embeddings; numbers] of items or of the rows of an entity, [entries, units]. The numbers are constants. */
export function rowVectors(
  { fields, numbers }: RowShape,
  gathered: GatheredRows,
  batch: Pick<BatchEntity, 'fields' | 'numbers'>,
): Tensor2D {
  const embeddings = concatenatedFields(fields, gathered, batch.fields);
  if (!embeddings) throw new Error('the model has no fields of what it embeds');
  if (numbers.length === 0) return embeddings;
  const [entries] = embeddings.shape;
  if (batch.numbers.length !== entries * numbers.length) {
    throw new Error(
      `the batch must have the numbers [${entries}, ${numbers.length}], got ${batch.numbers.length}`,
    );
  }
  return tf.concat([embeddings, tf.tensor2d(batch.numbers, [entries, numbers.length])], 1);
}
