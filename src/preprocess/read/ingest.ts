/**
 * Reads one input table into a DuckDB table: the columns that the config asks for, in input order, every malformed
 * row in the rejects file, every row accounted for.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Context } from '../../common/context.js';
import { UserError } from '../../common/errors.js';
import type { Manifest, RowCounts } from '../../common/prepared.js';
import { quoteIdentifier } from '../../common/sql.js';
import { unusedColumns } from './check-columns.js';
import { countRows, keepRows } from './count-rows.js';
import { findInputFiles, type InputFile } from './input-files.js';
import { loadFile } from './load-file.js';
import { openFile } from './open-file.js';
import { describeCounts, tooManyRejects } from './reject-report.js';
import { rejectsFile } from './rejects-file.js';
import { createTable, rowRules } from './row-rules.js';
import type { TableSpec } from './table-spec.js';
import { tableTimeFormat } from './table-time.js';
import { writeRejects } from './write-rejects.js';

/** Of the time that a gzip file takes. */
const UNPACK_SHARE = 0.3;

export interface IngestOptions {
  /** Folder that the files are relative to; absolute. */
  readonly root: string;
  /** The table to make. Needs preserve_insertion_order, DuckDB's default. */
  readonly tableName: string;
  /** Written only when there is something to reject. It has to outlive an error, which points to it. */
  readonly rejectsFile: string;
  /** A folder for unpacked and mended copies, of the size of the largest file; what is put there is removed again. */
  readonly temporaryFolder: string;
  /** Of the rows read. */
  readonly maxRejectRatio: number;
  readonly context: Context;
  /** Those of the spec's files that are read, and that may have no rows; by default all of them, with rows. */
  readonly files?: readonly InputFile[];
}

export interface Ingested {
  /** read = kept + rejected + filtered; the kept rows are in the table. */
  readonly rows: RowCounts;
  /** The files that were read, in order; paths relative to the root where they lie under it. */
  readonly inputs: Manifest['inputs'];
  /** How the times were read: iso, seconds, milliseconds or a pattern; undefined without, and for typed times. */
  readonly timeFormat: string | undefined;
}

/**
 * Makes the table `options.tableName`: a VARCHAR for each column in `spec.text` (named by `textColumn`), a DOUBLE for
 * each in `spec.numbers` (`numberColumn`), and `time_us` BIGINT where the spec has a time. The order of the rows is
 * that of `rowid` (which may have gaps): files in the order given, a glob's sorted by path, rows as they are read.
 * An in-memory database with a temp_directory takes half the time of one in a file, which compresses.
 *
 * @throws UserError for files and columns that are missing, files that are damaged, no rows, too many rejects.
 */
export async function ingest(
  connection: DuckDBConnection,
  spec: TableSpec,
  options: IngestOptions,
): Promise<Ingested> {
  const inputs =
    options.files ?? (await findInputFiles(connection, spec.name, spec.source.files, options.root));
  const temporaryFolder = await mkdtemp(join(options.temporaryFolder, 'read-'));
  const rejects = rejectsFile(options.rejectsFile);
  const bar = options.context.progress.start(
    `read ${spec.name}`,
    inputs.reduce((total, { bytes }) => total + bytes, 0),
  );
  try {
    const table = quoteIdentifier(options.tableName);
    await connection.run(createTable(table, spec));
    const malformed: Record<string, number> = {};
    const unused = new Set<string>();
    let timeFormat: string | undefined;
    let firstRow = 0;
    let multiLine = 0;
    let bytesBefore = 0;
    for (const input of inputs) {
      const show = (share: number, step: string) => bar.update(bytesBefore + share * input.bytes, { step });
      let loadFrom = 0;
      const file = await openFile(connection, spec, input, temporaryFolder, (bytes) => {
        loadFrom = UNPACK_SHARE;
        show((UNPACK_SHARE * bytes) / input.bytes, 'unpack');
      });
      if (file.kind.format === 'csv' && file.columns.length === 0) {
        options.context.logger.warn({ table: spec.name, file: input.shownPath }, 'skipped an empty file');
        continue;
      }
      if (spec.time) timeFormat ??= await tableTimeFormat(connection, spec, file);
      for (const column of unusedColumns(spec, file.columns)) unused.add(column);
      const loaded = await loadFile(
        connection,
        table,
        spec,
        file,
        timeFormat ?? 'iso',
        temporaryFolder,
        (share) => show(loadFrom + (1 - loadFrom) * share, 'load'),
      );
      bar.update(bytesBefore + input.bytes, { step: 'check' });
      await writeRejects(connection, table, rowRules(spec), { file, firstRow, loaded }, rejects);
      for (const [reason, count] of Object.entries(loaded.malformed)) {
        malformed[reason] = (malformed[reason] ?? 0) + count;
      }
      firstRow += loaded.rows;
      multiLine += loaded.multiLine;
      bytesBefore += input.bytes;
    }
    await rejects.close();
    const counts = await countRows(connection, table, spec, malformed);
    if (counts.read === 0 && !options.files) {
      const files = inputs.map(({ shownPath }) => shownPath).join(', ');
      throw new UserError(`Cannot read the table \`${spec.name}\`: required rows, got none (${files})`);
    }
    if (counts.rejected > options.maxRejectRatio * counts.read) {
      throw tooManyRejects(spec.name, counts, options.maxRejectRatio, rejects, options.rejectsFile);
    }
    const rows = await keepRows(connection, table, spec, counts);
    describeTable(spec, rows, { timeFormat, multiLine, unused: [...unused] }, options);
    return {
      rows,
      inputs: inputs.map(({ shownPath, bytes, modifiedMs }) => ({ path: shownPath, bytes, modifiedMs })),
      timeFormat,
    };
  } finally {
    bar.stop();
    await rejects.close();
    await rm(temporaryFolder, { recursive: true, force: true });
  }
}

/** Logs what became of a table. */
export function describeTable(
  spec: TableSpec,
  rows: RowCounts,
  found: {
    readonly timeFormat: string | undefined;
    readonly multiLine: number;
    readonly unused: readonly string[];
  },
  { context: { logger }, rejectsFile }: Pick<IngestOptions, 'context' | 'rejectsFile'>,
): void {
  const { read, kept, rejected, filtered } = rows;
  const table = spec.name;
  logger.info({ table, read, kept, rejected, filtered, ...rows.filteredBy }, `read ${table}`);
  if (spec.time?.format === 'auto' && found.timeFormat !== undefined) {
    logger.info({ table, format: found.timeFormat }, `times of ${table} are read as ${found.timeFormat}`);
  }
  if (found.unused.length > 0) {
    logger.info({ table, columns: found.unused }, `columns of ${table} that nothing uses`);
  }
  if (found.multiLine > 0) {
    logger.info({ table, records: found.multiLine }, `records of ${table} that go over several lines`);
  }
  if (rejected > 0) {
    logger.warn(
      { table, rejected, file: rejectsFile },
      `malformed rows of ${table} left out: ${describeCounts(rows.rejectedBy)}`,
    );
  }
}
