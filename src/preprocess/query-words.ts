/** The words of the requests' search queries. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { messageOf, UserError } from '../common/errors.js';
import { type FieldManifest, preparedPaths } from '../common/prepared.js';
import { quoteLiteral } from '../common/sql.js';
import type { Config } from '../config/schema.js';
import { tokenPattern, tokensSql } from '../features/query-tokens.js';
import { type Encoding, QUERY_FIELD } from './carried.js';
import { writeOffsets, writeRawFiles } from './raw-files.js';
import { addedUp, createVocabularySql, lookUp, vocabularyTable } from './vocabulary.js';
import { writeField } from './write-fields.js';

const VOCABULARY = vocabularyTable('query', 0);

/** @throws UserError for a pattern that is none */
export async function checkPattern(
  connection: DuckDBConnection,
  { features: { query } }: Config,
): Promise<void> {
  if (!query) return;
  const pattern = tokenPattern(query.tokens);
  try {
    await connection.run(`SELECT regexp_extract_all('', ${quoteLiteral(pattern)})`);
  } catch (cause) {
    throw new UserError(
      `Cannot read queries: features.query.tokens.pattern must be a regular expression of RE2, got ${pattern} (${messageOf(cause)})`,
      { cause },
    );
  }
}

/** `request_words` (request, place, idx), from the text `query` of `request_rows`, and the vocabulary of the requests before the evaluation, of all preparations. */
export function createQueryWordsSql({ features: { query } }: Config, encoding: Encoding): string[] {
  if (!query) return [];
  const words = tokensSql('query', query.tokens);
  const { join, index } = lookUp({ name: QUERY_FIELD, buckets: query.buckets }, VOCABULARY, 'v', 'w.value');
  return [
    `CREATE TABLE request_text AS SELECT request, split, unnest(${words}) AS value, generate_subscripts(${words}, 1) AS place
      FROM request_rows WHERE query IS NOT NULL`,
    `DELETE FROM request_text WHERE value = ''`,
    createVocabularySql(
      { group: 'query', field: 0, grows: encoding.grows('query', 0) },
      addedUp('SELECT value, 1 AS n FROM request_text WHERE split < 2', 'query', 0),
      query,
    ),
    `CREATE TABLE request_words AS SELECT w.request, w.place, ${index} AS idx FROM request_text w ${join}`,
  ];
}

export async function writeQueryWords(
  connection: DuckDBConnection,
  folder: string,
  { features: { query } }: Config,
  requests: number,
  encoding: Encoding,
): Promise<FieldManifest | null> {
  if (!query) return null;
  await writeRawFiles(
    connection,
    folder,
    [{ path: preparedPaths.requestQuery, sql: 'idx' }],
    'FROM request_words ORDER BY request, place',
  );
  const counts = 'SELECT request, count(*) FROM request_words GROUP BY request';
  await writeOffsets(connection, folder, preparedPaths.requestQueryOffsets, requests, counts);
  const field = { name: QUERY_FIELD, buckets: query.buckets, multiValued: true };
  return writeField(connection, folder, { group: 'query', path: 'query' }, 0, field, encoding);
}
