/** DuckDB for reading tables and times while requests are scored: small, and never in the way of the model. */
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { escapeGlob, quoteLiteral } from '../common/sql.js';

const MEMORY_LIMIT = '500MB';

/** Runs what needs a connection, and closes it. */
export async function withDatabase<T>(run: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
  const instance = await DuckDBInstance.create(':memory:', { memory_limit: MEMORY_LIMIT });
  const connection = await instance.connect();
  try {
    return await run(connection);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** A Parquet file as what stands behind FROM. */
export const parquetSql = (path: string): string => `read_parquet(${quoteLiteral(escapeGlob(path))})`;

/** The rows of a query, a chunk of them at a time. */
export async function* rowsOfQuery<T extends readonly unknown[]>(
  connection: DuckDBConnection,
  sql: string,
): AsyncGenerator<T[]> {
  const result = await connection.stream(sql);
  for (;;) {
    const chunk = await result.fetchChunk();
    if (!chunk || chunk.rowCount === 0) return;
    yield chunk.getRows() as unknown as T[];
  }
}
