/**
 * The scored samples of each task as `<task>.parquet`: request_id, user_id, time, candidate (not of a task about the
 * user alone), label, weight, and `prediction`, of a task of several classes `probability_<k>`; in the order of the
 * prepared samples.
 */
import { join } from 'node:path';
import { type DuckDBAppender, DuckDBDataChunk, FLOAT, INTEGER } from '@duckdb/node-api';
import { copyToParquet, type Database, openDatabase, rowsOf } from '../common/database.js';
import { replaceFolder } from '../common/files.js';
import { preparedPaths } from '../common/prepared.js';
import { escapeGlob, quoteIdentifier, quoteLiteral } from '../common/sql.js';
import type { ScoredSamples } from '../model/score-batches.js';
import type { TaskShape } from '../model/shape.js';
import { probabilities } from './probabilities.js';

/** Rows of one of DuckDB's chunks. */
const CHUNK = 2048;

/** Samples that are joined and sorted at a time. */
const PIECE = 500_000;

export interface PredictionsInput {
  readonly preparedFolder: string;
  readonly tasks: Readonly<Record<string, Pick<TaskShape, 'kind' | 'outputs' | 'drawCorrection'>>>;
  /** For temporary files. */
  readonly work: string;
  /** What DuckDB may use. */
  readonly limits: Parameters<typeof openDatabase>[1];
}

/** Takes scored samples in any order. */
export class PredictionsWriter {
  readonly #appenders = new Map<string, DuckDBAppender>();

  private constructor(
    private readonly input: PredictionsInput,
    private readonly database: Database,
  ) {}

  static async open(input: PredictionsInput): Promise<PredictionsWriter> {
    const database = await openDatabase(input.work, input.limits);
    const writer = new PredictionsWriter(input, database);
    for (const [task, { outputs }] of Object.entries(input.tasks)) {
      const columns = columnsOf(outputs).map((name) => `${name} FLOAT`);
      const table = quoteIdentifier(tableOf(task));
      await database.connection.run(`CREATE TABLE ${table} (sample INTEGER, ${columns.join(', ')})`);
      writer.#appenders.set(task, await database.connection.createAppender(tableOf(task)));
    }
    return writer;
  }

  add({ task, logits, sample }: ScoredSamples): void {
    const { outputs, drawCorrection } = this.input.tasks[task]!;
    const appender = this.#appenders.get(task)!;
    for (let start = 0; start < sample.length; start += CHUNK) {
      const end = Math.min(start + CHUNK, sample.length);
      const part = logits.subarray(start * outputs, end * outputs);
      const values = probabilities(part, outputs, drawCorrection ?? 0);
      const columns = Array.from({ length: outputs }, (_, at) =>
        Array.from({ length: end - start }, (_, row) => values[row * outputs + at]!),
      );
      const chunk = DuckDBDataChunk.create([INTEGER, ...columns.map(() => FLOAT)]);
      chunk.setColumns([Array.from(sample.subarray(start, end)), ...columns]);
      appender.appendDataChunk(chunk);
    }
  }

  /** Writes the folder, in the place of an older one. */
  async write(folder: string): Promise<void> {
    for (const appender of this.#appenders.values()) appender.closeSync();
    await replaceFolder(folder, async (temporary) => {
      for (const task of this.#appenders.keys()) {
        await this.#writeTask(task, join(temporary, `${task}.parquet`));
      }
    });
  }

  /** Piece by piece into a table, which DuckDB keeps in order: to sort all of it at once would take its memory several times over. */
  async #writeTask(task: string, path: string): Promise<void> {
    const { preparedFolder, tasks } = this.input;
    const { connection } = this.database;
    const isAlone = tasks[task]!.kind === 'multiclass';
    const prepared = (file: string) =>
      `read_parquet(${quoteLiteral(escapeGlob(join(preparedFolder, file)))})`;
    const scores = quoteIdentifier(tableOf(task));
    const rows = (first: number, last: number) =>
      `SELECT r.request_id, r.user_id, r."time", ${isAlone ? '' : 's.candidate, '}s.label, s.weight, p.* EXCLUDE (sample)
       FROM ${scores} p JOIN ${prepared(preparedPaths.samples(task))} s USING (sample)
         JOIN ${prepared(preparedPaths.requests)} r USING (request)
       WHERE p.sample BETWEEN ${first} AND ${last} AND s.sample BETWEEN ${first} AND ${last} ORDER BY p.sample`;
    await connection.run(`CREATE TABLE predictions AS ${rows(0, -1)}`);
    const [range] = await rowsOf<[number | null, number | null]>(
      connection,
      `SELECT min(sample), max(sample) FROM ${scores}`,
    );
    const [first, last] = range!;
    for (let at = first ?? 0; at <= (last ?? -1); at += PIECE) {
      await connection.run(`INSERT INTO predictions ${rows(at, at + PIECE - 1)}`);
    }
    await connection.run(`DROP TABLE ${scores}`);
    await copyToParquet(connection, 'SELECT * FROM predictions', path);
    await connection.run('DROP TABLE predictions');
  }

  close(): void {
    this.database.close();
  }
}

const tableOf = (task: string) => `scores of ${task}`;

const columnsOf = (outputs: number): string[] =>
  outputs === 1 ? ['prediction'] : Array.from({ length: outputs }, (_, label) => `probability_${label}`);
