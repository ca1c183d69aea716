/** What the measured samples of a task can be sliced by, as a table of DuckDB. */
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBDataChunk, type DuckDBType, INTEGER, VARCHAR } from '@duckdb/node-api';
import { MISSING_INDEX, preparedPaths } from '../common/prepared.js';
import { escapeGlob, quoteIdentifier, quoteLiteral } from '../common/sql.js';
import { type PreparedData, splitRange } from '../dataset/prepared.js';
import { findEvents } from '../dataset/user-streams.js';
import { localSeconds, zoneOffsets } from '../features/local-time.js';
import { timeFieldValue } from '../features/time-fields.js';
import { measuredRequests } from './measured.js';
import { measuredSamples } from './measured-samples.js';

export interface FactsInput {
  readonly prepared: PreparedData;
  readonly task: string;
  /** Further columns of its samples. */
  readonly keep: readonly string[];
  readonly maxEvents: number;
  readonly timeZone: string;
}

/** A column as SQL over `facts`. */
export interface Expression {
  readonly column: string;
  readonly sql: string;
  /** Numbers of many values are cut into tenths. */
  readonly mayBeNumber: boolean;
}

/** Table `facts`: a row for each measured sample; what it can be sliced by. */
export async function createFacts(connection: DuckDBConnection, input: FactsInput): Promise<Expression[]> {
  const { prepared, task, keep } = input;
  const { manifest } = prepared;
  const [start, end] = measuredRequests(manifest);
  const parquet = (path: string) => `read_parquet(${quoteLiteral(escapeGlob(join(prepared.folder, path)))})`;
  const { candidate: judged } = manifest.tasks[task]!;
  await createRequestFacts(connection, input);
  await createCandidates(connection, input);

  const expressions: Expression[] = [
    { column: 'behaviours', sql: 'behaviours', mayBeNumber: false },
    { column: 'user', sql: '"user"', mayBeNumber: false },
    { column: 'hour', sql: '"hour"', mayBeNumber: false },
    { column: 'dayOfWeek', sql: '"day"', mayBeNumber: false },
    ...(prepared.requests.query ? [{ column: 'query', sql: 'words', mayBeNumber: false }] : []),
  ];
  const columns: string[] = ['s.sample', 'r.*'];
  const joins: string[] = ['JOIN request_facts r USING (request)'];
  for (const [at, column] of keep.entries()) {
    columns.push(`s.${quoteIdentifier(column)} AS kept${at}`);
    expressions.push({ column, sql: `kept${at}`, mayBeNumber: true });
  }
  for (const [at, { name, buckets }] of manifest.fields.user.entries()) {
    columns.push(
      `CASE WHEN r.u${at} = ${MISSING_INDEX} THEN '(missing)' WHEN r.u${at} <= ${buckets} THEN '(out of vocabulary)' ELSE v${at}.value END AS user${at}`,
    );
    joins.push(
      `LEFT JOIN ${parquet(preparedPaths.vocabulary('user', name))} v${at} ON v${at}."index" = r.u${at}`,
    );
    expressions.push({ column: `user.${name}`, sql: `user${at}`, mayBeNumber: false });
  }
  if (judged !== null) {
    const [from, to] = splitRange(manifest, 'training');
    joins.push(
      `LEFT JOIN (SELECT candidate, count(*) AS n FROM ${parquet(preparedPaths.samples(task))} WHERE request >= ${from} AND request < ${to} GROUP BY candidate) t ON t.candidate = s.candidate`,
      'JOIN candidates c ON c.sample = s.sample',
      `JOIN ${parquet(judged === 'item' ? preparedPaths.items : preparedPaths.entities(judged))} i ON i."row" = c."row"`,
    );
    columns.push(`${bucketSql('coalesce(t.n, 0)', [0, 1, 10, 100, 1000])} AS judged`);
    expressions.push({ column: 'candidate', sql: 'judged', mayBeNumber: false });
    const fields = judged === 'item' ? prepared.items : prepared.entities[judged]!;
    for (const [at, { field, offsets }] of fields.entries()) {
      if (offsets || field.name === judged) continue;
      columns.push(`i.${quoteIdentifier(field.name)} AS field${at}`);
      expressions.push({ column: `${judged}.${field.name}`, sql: `field${at}`, mayBeNumber: false });
    }
  }
  await connection.run(
    `CREATE TABLE facts AS SELECT ${columns.join(', ')} FROM ${parquet(preparedPaths.samples(task))} s ${joins.join(' ')}
     WHERE s.request >= ${start} AND s.request < ${end}`,
  );
  return expressions;
}

/** `0`, `1-9`, `10-99`, `100+` of a count, numbered so that texts sort as the counts do. */
function bucketSql(count: string, starts: readonly number[]): string {
  const cases = starts.map((start, at) => {
    const next = starts[at + 1];
    const text = next === undefined ? `${start}+` : next === start + 1 ? `${start}` : `${start}-${next - 1}`;
    return next === undefined
      ? `ELSE ${quoteLiteral(text)}`
      : `WHEN ${count} < ${next} THEN ${quoteLiteral(text)}`;
  });
  return `CASE ${cases.join(' ')} END`;
}

/** `request_facts` (request, behaviours, user, hour, day, words, u<k>: vocabulary index of a user field). */
async function createRequestFacts(
  connection: DuckDBConnection,
  { prepared, maxEvents, timeZone }: FactsInput,
): Promise<void> {
  const { manifest, requests } = prepared;
  const [start, end] = measuredRequests(manifest);
  const fields = manifest.fields.user.map(({ name }) => requests.fields[name]!);
  await connection.run(
    `CREATE TABLE request_rows (request INTEGER, behaviours INTEGER, "user" VARCHAR, "hour" INTEGER, "day" VARCHAR, words INTEGER${fields.map((_, at) => `, u${at} INTEGER`).join('')})`,
  );
  // `evaluationFrom` of an update is where its data ends.
  const measuredFrom = Date.parse(manifest.updateFrom ?? manifest.evaluationFrom) / 1000;
  const offsets = end > start ? zoneOffsets(timeZone, ...timeRange(prepared, start, end)) : [];
  const types = [INTEGER, INTEGER, VARCHAR, INTEGER, VARCHAR, INTEGER, ...fields.map(() => INTEGER)];
  await append(connection, 'request_rows', types, end - start, (at) => {
    const request = start + at;
    const events = requests.end.at(request);
    const local = localSeconds(BigInt(requests.time.at(request)) * 1_000_000n, offsets);
    return [
      request,
      Math.min(events, maxEvents),
      userKind(prepared, request, measuredFrom),
      Number(timeFieldValue('hour', local)),
      timeFieldValue('dayOfWeek', local),
      requests.query ? requests.query.offsets.at(request + 1) - requests.query.offsets.at(request) : 0,
      ...fields.map((field) => field.at(request)),
    ];
  });
  await connection.run(
    `CREATE TABLE request_facts AS SELECT * REPLACE (${bucketSql('behaviours', [0, 1, 2, 5, 10, 20, 50, 100])} AS behaviours,
       ${bucketSql('words', [0, 1, 2, 3, 4])} AS words) FROM request_rows`,
  );
}

/** `measuredFrom` in seconds since 1970. */
function userKind({ requests, segments }: PreparedData, request: number, measuredFrom: number): string {
  if (requests.end.at(request) === 0) return 'no behaviour yet';
  const [first] = findEvents(segments, requests.user.at(request), 0, 1);
  return first!.segment.times.at(first!.start) < measuredFrom ? 'known before' : 'new';
}

/** First and last second of the requests. */
function timeRange({ requests }: PreparedData, start: number, end: number): [number, number] {
  let [first, last] = [Number.POSITIVE_INFINITY, 0];
  for (const time of requests.time.read(start, end)) {
    first = Math.min(first, time);
    last = Math.max(last, time);
  }
  return [first, last];
}

/** `candidates` (sample, row), of a task that judges something. */
async function createCandidates(connection: DuckDBConnection, { prepared, task }: FactsInput): Promise<void> {
  await connection.run('CREATE TABLE candidates (sample INTEGER, "row" INTEGER)');
  if (prepared.tasks[task]!.candidate === null) return;
  for (const { sample, candidate } of measuredSamples(prepared, task, measuredRequests(prepared.manifest))) {
    await append(connection, 'candidates', [INTEGER, INTEGER], sample.length, (at) => [
      sample[at]!,
      candidate![at]!,
    ]);
  }
}

/** Rows of one of DuckDB's chunks. */
const CHUNK = 2048;

async function append(
  connection: DuckDBConnection,
  table: string,
  types: readonly DuckDBType[],
  rows: number,
  rowAt: (at: number) => readonly (number | string)[],
): Promise<void> {
  const appender = await connection.createAppender(table);
  for (let start = 0; start < rows; start += CHUNK) {
    const length = Math.min(CHUNK, rows - start);
    const chunk = DuckDBDataChunk.create(types);
    chunk.setRows(Array.from({ length }, (_, at) => [...rowAt(start + at)]));
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
}
