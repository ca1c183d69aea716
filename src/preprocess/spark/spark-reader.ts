/** The reader of `preprocess.engine: spark`. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { duckdbReader, type TableReader } from '../read/table-reader.js';
import { ingestBySpark } from './ingest.js';
import type { SparkSession } from './session.js';
import { findSparkFiles } from './spark-files.js';

/** Predictions, which dupn wrote on this machine, are read here. */
const OF_THIS_MACHINE = 'predictedCtr';

export function sparkReader(spark: SparkSession, connection: DuckDBConnection): TableReader {
  const here = duckdbReader(connection);
  return {
    find: (table, patterns, root) => findSparkFiles(spark, table, patterns, root),
    ingest: (spec, options) =>
      spec.name === OF_THIS_MACHINE
        ? here.ingest(spec, options)
        : ingestBySpark(spark, connection, spec, options),
  };
}
