/** Finds the places of a file's rejected rows in its text, and lists them. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { escapeGlob, quoteIdentifier, quoteLiteral } from '../../common/sql.js';
import { type Loaded, reasonOf } from './load-file.js';
import type { OpenedFile } from './open-file.js';
import { MAX_LISTED, type RejectsFile } from './rejects-file.js';
import { lastRejection, type RowRule } from './row-rules.js';
import { type RecordView, scanFile } from './scan-file.js';

/** The rows of the table that come from one file: [firstRow, firstRow + loaded.rows) by rowid. */
export interface FileRows {
  readonly file: OpenedFile;
  readonly firstRow: number;
  readonly loaded: Loaded;
}

/**
 * Writes the malformed records and the rows that break a rule of rejection, in the order of the file, until there is no place
 * for more; nothing is deleted yet.
 */
export async function writeRejects(
  connection: DuckDBConnection,
  table: string,
  rules: readonly RowRule[],
  { file, firstRow, loaded }: FileRows,
  rejects: Pick<RejectsFile, 'write' | 'drain' | 'isWhole'>,
): Promise<void> {
  if (!rejects.isWhole) return;
  const shared = { file: file.input.shownPath };
  const rejected = rejectedSql(table, rules, firstRow, loaded.rows);
  if (!file.text) {
    await eachRow(connection, parquetSql(file, rejected), ([row, verdict, text]) => {
      const { column, reason } = rules[Number(verdict) - 1]!;
      rejects.write({
        ...shared,
        line: Number(row) + 1,
        byteOffset: null,
        column,
        reason,
        text: String(text),
      });
    });
    await rejects.drain();
    return;
  }
  const ordinals: number[] = [];
  const verdicts: number[] = [];
  await eachRow(connection, rejected, ([row, verdict]) => {
    ordinals.push(Number(row));
    verdicts.push(Number(verdict));
  });
  if (ordinals.length === 0 && Object.keys(loaded.malformed).length === 0) return;
  let next = 0;
  const isJson = file.kind.format === 'jsonl';
  const { fields: expected } = file.text.file.dialect;
  await scanFile(file.text.file, {
    nextWanted: () => ordinals[next],
    wanted(record) {
      const { column, reason } = rules[verdicts[next++]! - 1]!;
      rejects.write({ ...shared, ...place(record), column, reason });
    },
    problem(record, problem, fields) {
      if (!rejects.isWhole) return;
      const found =
        problem === 'wrong number of fields' && !isJson ? ` (${fields} instead of ${expected})` : '';
      const reason = reasonOf(file, problem) + found;
      rejects.write({ ...shared, ...place(record), column: '', reason });
    },
    chunk: () => rejects.drain(),
    isEnough: () => !rejects.isWhole,
  });
}

function place({ bytes, start, end, line, byteOffset }: RecordView) {
  return {
    line,
    byteOffset,
    text: Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString(),
  };
}

/** row_number, from 0 within the file, and the verdict of the rejected rows of it, in order, as many as are listed and one more. */
function rejectedSql(table: string, rules: readonly RowRule[], firstRow: number, rows: number): string {
  return `SELECT CAST(rowid - ${firstRow} AS DOUBLE) AS row_number, CAST(verdict AS INTEGER) AS verdict FROM ${table}
    WHERE verdict BETWEEN 1 AND ${lastRejection(rules)} AND rowid >= ${firstRow} AND rowid < ${firstRow + rows}
    ORDER BY row_number LIMIT ${MAX_LISTED + 1}`;
}

/** Parquet has rows and no text: what is shown is the row as JSON. */
function parquetSql({ input, columns }: OpenedFile, rejected: string): string {
  const fields = columns.map((name) => `${quoteIdentifier(name)} := f.${quoteIdentifier(name)}`);
  return `SELECT r.row_number, r.verdict, to_json(struct_pack(${fields.join(', ')}))
    FROM read_parquet(${quoteLiteral(escapeGlob(input.path))}, file_row_number = true) f
    JOIN (${rejected}) r ON r.row_number = f.file_row_number ORDER BY r.row_number`;
}

/** Row by row, in little memory. */
async function eachRow(
  connection: DuckDBConnection,
  sql: string,
  visit: (row: readonly unknown[]) => void,
): Promise<void> {
  const result = await connection.stream(sql);
  for (;;) {
    const chunk = await result.fetchChunk();
    if (!chunk || chunk.rowCount === 0) return;
    for (const row of chunk.getRows()) visit(row);
  }
}
