/**
 * The scored samples of each task as `<task>.parquet`: request_id, user_id, time, candidate (not of a task about the
 * user alone), label, weight, and `prediction`, of a task of several classes `probability_<k>`; in the order of the
 * prepared samples.
 */
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBDataChunk, FLOAT, INTEGER } from '@duckdb/node-api';
import { copyToParquet, type Database, openDatabase } from '../common/database.js';
import { replaceFolder, withWorkFolder } from '../common/files.js';
import { preparedPaths } from '../common/prepared.js';
import { escapeGlob, quoteLiteral } from '../common/sql.js';
import type { TaskShape } from '../model/shape.js';
import type { PredictionColumns } from './predictions.js';
import { probabilities } from './probabilities.js';

/** Rows of one of DuckDB's chunks. */
const CHUNK = 2048;

export interface PredictionsInput {
  readonly preparedFolder: string;
  /** Task -> its scored samples. */
  readonly predictions: ReadonlyMap<string, PredictionColumns>;
  readonly tasks: Readonly<Record<string, Pick<TaskShape, 'kind' | 'outputs' | 'drawCorrection'>>>;
  /** What DuckDB may use. */
  readonly limits: Parameters<typeof openDatabase>[1];
}

/** Writes the folder, in the place of an older one. */
export async function writePredictions(folder: string, input: PredictionsInput): Promise<void> {
  await withWorkFolder(folder, (work) =>
    replaceFolder(folder, async (temporary) => {
      const database = await openDatabase(work, input.limits);
      try {
        for (const task of input.predictions.keys()) {
          await writeTask(database, join(temporary, `${task}.parquet`), task, input);
        }
      } finally {
        database.close();
      }
    }),
  );
}

async function writeTask(
  { connection }: Database,
  path: string,
  task: string,
  { preparedFolder, predictions, tasks }: PredictionsInput,
): Promise<void> {
  const { kind, outputs, drawCorrection } = tasks[task]!;
  const isAlone = kind === 'multiclass';
  const names = isAlone
    ? Array.from({ length: outputs }, (_, label) => `probability_${label}`)
    : ['prediction'];
  await connection.run(
    `CREATE OR REPLACE TABLE scores (sample INTEGER, ${names.map((name) => `${name} FLOAT`).join(', ')})`,
  );
  await appendScores(connection, predictions.get(task)!, drawCorrection ?? 0);
  const prepared = (file: string) => `read_parquet(${quoteLiteral(escapeGlob(join(preparedFolder, file)))})`;
  await copyToParquet(
    connection,
    `SELECT r.request_id, r.user_id, r."time", ${isAlone ? '' : 's.candidate, '}s.label, s.weight, p.* EXCLUDE (sample)
     FROM scores p JOIN ${prepared(preparedPaths.samples(task))} s USING (sample)
       JOIN ${prepared(preparedPaths.requests)} r USING (request)
     ORDER BY sample`,
    path,
  );
}

/** Chunk by chunk, so that the scores are the only thing that is in memory twice. */
async function appendScores(
  connection: DuckDBConnection,
  { scores, samples, outputs }: PredictionColumns,
  correction: number,
): Promise<void> {
  const places = Array.from({ length: outputs }, (_, at) => at);
  const appender = await connection.createAppender('scores');
  for (let start = 0; start < samples.length; start += CHUNK) {
    const end = Math.min(start + CHUNK, samples.length);
    const values = probabilities(scores.subarray(start * outputs, end * outputs), outputs, correction);
    const columns = places.map((at) =>
      Array.from({ length: end - start }, (_, row) => values[row * outputs + at]!),
    );
    const chunk = DuckDBDataChunk.create([INTEGER, ...places.map(() => FLOAT)]);
    chunk.setColumns([Array.from(samples.subarray(start, end)), ...columns]);
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
}
