/** Columns of numbers that DuckDB streams, read by as many rows as are asked for. */
import type { DuckDBConnection } from '@duckdb/node-api';

/** The next `rows` rows, by column, each [rows]. @throws Error where there are fewer */
export type ReadColumns = (rows: number) => Promise<readonly Float64Array[]>;

/** `sql` gives `columns` columns without nulls. */
export async function openColumns(
  connection: DuckDBConnection,
  sql: string,
  columns: number,
): Promise<ReadColumns> {
  const result = await connection.stream(sql);
  let chunk: Float64Array[] = [];
  let [at, length] = [0, 0];
  return async (rows) => {
    const read = Array.from({ length: columns }, () => new Float64Array(rows));
    for (let done = 0; done < rows; done++, at++) {
      if (at === length) {
        const next = await result.fetchChunk();
        if (!next || next.rowCount === 0) throw new Error('the samples are fewer than their arrays');
        chunk = read.map((_, column) => Float64Array.from(next.getColumnValues(column) as number[]));
        [at, length] = [0, next.rowCount];
      }
      for (const [column, values] of read.entries()) values[done] = chunk[column]![at]!;
    }
    return read;
  };
}
