/** Who reads the input tables: this machine, or the user's Spark. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { type Ingested, type IngestOptions, ingest } from './ingest.js';
import { findInputFiles, type InputFile } from './input-files.js';
import type { TableSpec } from './table-spec.js';

export interface TableReader {
  /** The files that patterns stand for, as `findInputFiles`. */
  find(table: string, patterns: readonly string[], root: string): Promise<readonly InputFile[]>;
  /** Makes the table in DuckDB, as `ingest`. */
  ingest(spec: TableSpec, options: IngestOptions): Promise<Ingested>;
}

export const duckdbReader = (connection: DuckDBConnection): TableReader => ({
  find: (table, patterns, root) => findInputFiles(connection, table, patterns, root),
  ingest: (spec, options) => ingest(connection, spec, options),
});
