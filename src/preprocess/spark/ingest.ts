/**
 * Reads one input table by Spark: the rules of rows, the counts, the list of rejected rows and the order of the input are those of
 * `ingest`, worked out on the cluster. What is kept comes as Parquet, and goes into the DuckDB table in that order.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { UserError } from '../../common/errors.js';
import type { RowCounts } from '../../common/prepared.js';
import { escapeGlob, quoteIdentifier, quoteLiteral } from '../../common/sql.js';
import { unusedColumns } from '../read/check-columns.js';
import { withoutRepeated } from '../read/count-rows.js';
import { describeTable, type Ingested, type IngestOptions } from '../read/ingest.js';
import { tooManyRejects } from '../read/reject-report.js';
import { type RejectsFile, rejectsFile } from '../read/rejects-file.js';
import { columnTypes, rowRules, tableColumns } from '../read/row-rules.js';
import type { TableSpec } from '../read/table-spec.js';
import { readLayouts, type SparkInput } from './layouts.js';
import {
  countRows,
  groupsOf,
  keptSql,
  numberedRows,
  rejectedSql,
  writeRecords,
  writeSql,
} from './records.js';
import type { SparkSession } from './session.js';
import { findSparkFiles } from './spark-files.js';

const STEPS = ['look', 'read', 'number', 'count', 'sort', 'load'] as const;

/** As `ingest`. @throws UserError for what Spark can't read, too */
export async function ingestBySpark(
  spark: SparkSession,
  connection: DuckDBConnection,
  spec: TableSpec,
  options: IngestOptions,
): Promise<Ingested> {
  const { context, root, tableName, maxRejectRatio } = options;
  const { logger } = context;
  const bar = context.progress.start(`read ${spec.name}`, STEPS.length);
  const show = (step: (typeof STEPS)[number]) => bar.update(STEPS.indexOf(step), { step });
  const temporaryFolder = await mkdtemp(join(options.temporaryFolder, 'read-'));
  const rejects = rejectsFile(options.rejectsFile);
  const staging = `${spark.staging}/${tableName}`;
  try {
    show('look');
    const files = options.files ?? (await findSparkFiles(spark, spec.name, spec.source.files, root));
    const { inputs, empty, timeFormat } = await readLayouts(spark, connection, spec, files, temporaryFolder);
    for (const { shownPath } of empty)
      logger.warn({ table: spec.name, file: shownPath }, 'skipped an empty file');
    show('read');
    const records: string[] = [];
    for (const [number, group] of groupsOf(spec, inputs).entries()) {
      const folder = `${staging}/records-${number}`;
      await writeRecords(spark, spec, group, timeFormat ?? 'iso', folder);
      records.push(folder);
    }
    show('number');
    const rows = inputs.length > 0 ? await numberedRows(spark, spec, inputs, records) : null;
    show('count');
    const counts = await countRows(spark, spec, rows);
    if (counts.read === 0 && !options.files) {
      const shown = files.map(({ shownPath }) => shownPath).join(', ');
      throw new UserError(`Cannot read the table \`${spec.name}\`: required rows, got none (${shown})`);
    }
    if (counts.rejected > 0) {
      await spark.sql(writeSql(`${staging}/rejected`, rejectedSql(rows!, spec)));
      const parts = await spark.fetch(`${staging}/rejected`, join(temporaryFolder, 'rejected'));
      await listRejects(connection, spec, inputs, parts, rejects);
      await rejects.close();
      sayWhatIsUnknown(spec, inputs, counts, options);
    }
    if (counts.rejected > maxRejectRatio * counts.read) {
      throw tooManyRejects(spec.name, counts, maxRejectRatio, rejects, options.rejectsFile);
    }
    show('sort');
    if (rows) await spark.sql(writeSql(`${staging}/kept`, keptSql(rows, spec)));
    const parts = rows ? await spark.fetch(`${staging}/kept`, join(temporaryFolder, 'kept')) : [];
    show('load');
    const loaded = await loadRows(connection, quoteIdentifier(tableName), spec, parts);
    const final = withoutRepeated(counts, counts.kept - loaded);
    if (!spec.filter?.deduplicate && loaded !== counts.kept) {
      throw new Error(`Spark counted ${counts.kept} rows of ${spec.name} and handed on ${loaded}`);
    }
    const unused = new Set(inputs.flatMap(({ columns }) => unusedColumns(spec, columns)));
    describeTable(spec, final, { timeFormat, multiLine: 0, unused: [...unused] }, options);
    await spark.remove(staging);
    return {
      rows: final,
      inputs: files.map(({ shownPath, bytes, modifiedMs }) => ({ path: shownPath, bytes, modifiedMs })),
      timeFormat,
    };
  } finally {
    bar.stop();
    await rejects.close();
    await rm(temporaryFolder, { recursive: true, force: true });
  }
}

const readParquet = (parts: readonly string[]) =>
  `read_parquet([${parts.map((path) => quoteLiteral(escapeGlob(path))).join(', ')}])`;

async function loadRows(
  connection: DuckDBConnection,
  table: string,
  spec: TableSpec,
  parts: readonly string[],
): Promise<number> {
  const columns = columnTypes(spec).map(({ name, type }) => `${name} ${type}`);
  await connection.run(`CREATE TABLE ${table} (${columns.join(', ')})`);
  if (parts.length === 0) return 0;
  const rows = `SELECT ${tableColumns(spec).join(', ')} FROM ${readParquet(parts)}`;
  return (await connection.run(`INSERT INTO ${table} ${rows}`)).rowsChanged;
}

async function listRejects(
  connection: DuckDBConnection,
  spec: TableSpec,
  inputs: readonly SparkInput[],
  parts: readonly string[],
  rejects: RejectsFile,
): Promise<void> {
  const rules = rowRules(spec);
  const result = await connection.stream(
    `SELECT file, CAST(line AS DOUBLE), problem, fields, verdict, shown FROM ${readParquet(parts)}`,
  );
  for (;;) {
    const chunk = await result.fetchChunk();
    if (!chunk || chunk.rowCount === 0) return;
    for (const [file, line, problem, fields, verdict, text] of chunk.getRows()) {
      const { shownPath, columns } = inputs[Number(file)]!;
      const rule = problem === null ? rules[Number(verdict) - 1]! : { column: '', reason: String(problem) };
      const found = problem === 'wrong number of fields' ? ` (${fields} instead of ${columns.length})` : '';
      rejects.write({
        file: shownPath,
        line: Number(line) + 1,
        byteOffset: null,
        column: rule.column,
        reason: rule.reason + found,
        text: String(text),
      });
    }
    await rejects.drain();
  }
}

/** What Spark does not tell of malformed rows. */
function sayWhatIsUnknown(
  spec: TableSpec,
  inputs: readonly SparkInput[],
  { rejectedBy }: RowCounts,
  { context: { logger } }: IngestOptions,
): void {
  if (inputs.every(({ kind }) => kind.format === 'parquet')) return;
  const table = spec.name;
  logger.warn(
    { table },
    `Spark reads ${table} line by line: the list of rejected rows has lines and no byte offsets`,
  );
  const unclosed = rejectedBy['unclosed quote'] ?? 0;
  if (unclosed === 0) return;
  logger.warn(
    { table, rows: unclosed },
    `Spark cannot tell quotes of ${table} that are not closed from records of several lines, which engine: duckdb reads; here each of their lines is a record`,
  );
}
