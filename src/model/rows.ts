/** Which rows of which tables a batch reads, and the reading of them. */
import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-node';
import type { Batch } from '../dataset/batch.js';
import { numbers } from '../engine/numbers.js';
import { tf } from '../engine/tf.js';
import type { GatheredRows } from './fields.js';
import { tableSpecs } from './parameters.js';
import type { ModelShape } from './shape.js';
import type { ModelWeights } from './weights.js';

/** Distinct rows that the batch reads of each table that the model has, by table name. */
export function rowsOfBatch(shape: ModelShape, batch: Batch): Record<string, Int32Array> {
  return Object.fromEntries(
    tableSpecs(shape).map(({ name }) => {
      const rows = batch.tables[name];
      if (!rows) throw new Error(`the batch lacks the table \`${name}\``);
      return [name, rows];
    }),
  );
}

export interface TableRows {
  /** int32 [rows] */
  readonly indices: Tensor1D;
  /** [rows, size] */
  readonly values: Tensor2D;
}

/** Table -> the values of its rows that the batch reads, row by row, where they come from other processes. */
export type FetchedValues = Readonly<Record<string, Float32Array>>;

/** Reads them, but for those that were fetched; the caller's scope owns the tensors. */
export function gatherRows(
  weights: ModelWeights,
  rows: Readonly<Record<string, Int32Array>>,
  fetched?: FetchedValues,
): Record<string, TableRows> {
  const sizes = new Map(tableSpecs(weights.shape).map(({ name, size }) => [name, size]));
  const gathered: Record<string, TableRows> = {};
  for (const [name, read] of Object.entries(rows)) {
    const size = sizes.get(name);
    if (size === undefined) throw new Error(`the model has no table \`${name}\``);
    const indices = tf.tensor1d(read, 'int32');
    if (read.length === 0) gathered[name] = { indices, values: tf.zeros([0, size]) };
    else if (fetched) gathered[name] = { indices, values: tf.tensor2d(fetched[name]!, [read.length, size]) };
    else gathered[name] = { indices, values: weights.tables.get(name)!.gather(indices) as Tensor2D };
  }
  return gathered;
}

/** The values of the rows that the batch reads, by table, [rows, size]; of `tables` alone, where they are named. */
export function valuesOfBatch(
  weights: ModelWeights,
  batch: Batch,
  {
    fetched,
    tables,
  }: { readonly fetched?: FetchedValues | undefined; readonly tables?: ReadonlySet<string> } = {},
): GatheredRows {
  const rows = Object.entries(rowsOfBatch(weights.shape, batch)).filter(
    ([name]) => tables?.has(name) ?? true,
  );
  const gathered = gatherRows(weights, Object.fromEntries(rows), fetched);
  return Object.fromEntries(Object.entries(gathered).map(([name, { values }]) => [name, values]));
}

/** Rows of a table, by their places in what of it is here, as numbers in a row. */
export const readRows = ({ tables }: ModelWeights, table: string, rows: Int32Array): Float32Array =>
  rows.length > 0
    ? numbers(() => tables.get(table)!.gather(tf.tensor1d(rows, 'int32')))
    : new Float32Array(0);
