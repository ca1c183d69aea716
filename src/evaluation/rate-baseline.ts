/**
 * Rates by counting: what the training samples say of a candidate, or of a place on the page, without any model.
 *
 *     rate(v) = (sum w y + SMOOTHING prior) / (sum w + SMOOTHING)     over the training samples with the value v
 *
 * with label y, weight w and prior, the rate over all training samples, which also is the rate of a new value.
 */
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { type Manifest, preparedPaths } from '../common/prepared.js';
import { splitRange } from '../dataset/prepared.js';

/** Training samples of average rate that every value is given beforehand. */
const SMOOTHING = 50;

export interface Rates {
  /** Rate over all training samples; null where they are not of both classes. */
  readonly prior: number | null;
  /** Column -> rate of each evaluation sample, in the order of the samples; empty without a prior. */
  readonly byColumn: Readonly<Record<string, Float64Array>>;
}

/** `columns` are those of samples/<task>/samples.parquet. */
export async function evaluationRates(
  folder: string,
  manifest: Manifest,
  task: string,
  columns: readonly string[],
): Promise<Rates> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    const file = join(folder, preparedPaths.samples(task)).replaceAll("'", "''");
    await connection.run(`CREATE VIEW samples AS SELECT * FROM read_parquet('${file}')`);
    const [start, end] = splitRange(manifest, 'training');
    await connection.run(
      `CREATE VIEW training AS SELECT * FROM samples WHERE request >= ${start} AND request < ${end}`,
    );
    const total = await connection.runAndReadAll('SELECT sum(weight * label) / sum(weight) FROM training');
    const rate = total.getRows()[0]![0] as number | null;
    const prior = rate !== null && rate > 0 && rate < 1 ? rate : null;
    const byColumn: Record<string, Float64Array> = {};
    if (prior !== null) {
      const [first, last] = splitRange(manifest, 'evaluation');
      for (const column of columns) byColumn[column] = await rates(connection, column, prior, [first, last]);
    }
    return { prior, byColumn };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

async function rates(
  connection: DuckDBConnection,
  column: string,
  prior: number,
  [first, last]: readonly [number, number],
): Promise<Float64Array> {
  const value = `"${column.replaceAll('"', '""')}"`;
  const result = await connection.stream(
    `WITH counted AS (
       SELECT ${value} AS value, (sum(weight * label) + $1 * $2) / (sum(weight) + $1) AS rate
       FROM training GROUP BY ${value})
     SELECT coalesce(counted.rate, $2) FROM samples LEFT JOIN counted ON counted.value IS NOT DISTINCT FROM ${value}
     WHERE request >= ${first} AND request < ${last} ORDER BY sample`,
    [SMOOTHING, prior],
  );
  const parts: Float64Array[] = [];
  for (;;) {
    const chunk = await result.fetchChunk();
    if (!chunk || chunk.rowCount === 0) break;
    parts.push(Float64Array.from(chunk.getColumnValues(0) as number[]));
  }
  const all = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
