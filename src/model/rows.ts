/** Which rows of which tables a batch reads, and the reading of them. */
import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-node';
import type { Batch } from '../dataset/batch.js';
import { tf } from '../engine/tf.js';
import { type TableGroup, tableName, tableSpecs } from './parameters.js';
import type { ModelShape } from './shape.js';
import type { ModelWeights } from './weights.js';

/** Distinct rows that the batch reads of each table that the model has, by table name. */
export function rowsOfBatch(shape: ModelShape, batch: Batch): Record<string, Int32Array> {
  const rows: Record<string, Int32Array> = {};
  const add = (group: TableGroup, fields: Readonly<Record<string, { rows: Int32Array }>>) => {
    for (const [field, { rows: read }] of Object.entries(fields)) rows[tableName(group, field)] = read;
  };
  add('item', batch.items.fields);
  add('property', batch.properties.fields);
  add('user', batch.users);
  const tables = new Set(tableSpecs(shape).map(({ name }) => name));
  return Object.fromEntries(Object.entries(rows).filter(([name]) => tables.has(name)));
}

export interface TableRows {
  /** int32 [rows] */
  readonly indices: Tensor1D;
  /** [rows, size] */
  readonly values: Tensor2D;
}

/** Reads them; tables of which the batch reads nothing are left out. The caller's scope owns the tensors. */
export function gatherRows(
  weights: ModelWeights,
  rows: Readonly<Record<string, Int32Array>>,
): Record<string, TableRows> {
  const gathered: Record<string, TableRows> = {};
  for (const [name, read] of Object.entries(rows)) {
    const table = weights.tables.get(name);
    if (!table) throw new Error(`the model has no table \`${name}\``);
    if (read.length === 0) {
      gathered[name] = { indices: tf.tensor1d(read, 'int32'), values: tf.zeros([0, table.shape[1]!]) };
      continue;
    }
    const indices = tf.tensor1d(read, 'int32');
    gathered[name] = { indices, values: table.gather(indices) as Tensor2D };
  }
  return gathered;
}
