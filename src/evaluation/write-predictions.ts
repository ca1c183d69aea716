/**
 * The scored samples of each task as `<task>.parquet`: request_id, user_id, time, candidate (not of a task about the
 * user alone), label, weight, and `prediction`, of a task of several classes `probability_<k>`; in the order of the
 * prepared samples.
 */
import { closeSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBDataChunk, FLOAT, INTEGER } from '@duckdb/node-api';
import type { Progress } from '../common/context.js';
import { copyToParquet, openDatabase } from '../common/database.js';
import { replaceFolder, writeWhole } from '../common/files.js';
import { preparedPaths } from '../common/prepared.js';
import { escapeGlob, quoteLiteral } from '../common/sql.js';
import { RawArray } from '../dataset/raw-array.js';
import { probabilities } from '../model/probabilities.js';
import type { ScoredSamples } from '../model/score-batches.js';
import type { TaskShape } from '../model/shape.js';
import type { Range } from './measured.js';
import { requestsOf } from './requests-of.js';

/** Rows of one of DuckDB's chunks. */
const CHUNK = 2048;

/** Samples that are joined and sorted at a time. */
const PIECE = 200_000;

export interface PredictionsInput {
  readonly preparedFolder: string;
  readonly tasks: Readonly<
    Record<
      string,
      Pick<TaskShape, 'kind' | 'outputs' | 'drawCorrection'> & {
        /** Those that are scored, all of them. */
        readonly samples: Range;
      }
    >
  >;
  /** For temporary files. */
  readonly work: string;
  /** What DuckDB may use. */
  readonly limits: Parameters<typeof openDatabase>[1];
}

/** Takes scored samples in any order, those of a request one after the other, and keeps their logits in a file until all are there. */
export class PredictionsWriter {
  readonly #files: ReadonlyMap<string, { readonly path: string; readonly file: number }>;

  constructor(private readonly input: PredictionsInput) {
    this.#files = new Map(
      Object.keys(input.tasks).map((task) => {
        const path = join(input.work, `${task}.scores.f32`);
        return [task, { path, file: openSync(path, 'w') }];
      }),
    );
  }

  add(scored: ScoredSamples): void {
    const { task, logits, outputs, sample } = scored;
    const { file } = this.#files.get(task)!;
    const [first] = this.input.tasks[task]!.samples;
    for (const { start, end } of requestsOf(scored)) {
      const values = logits.subarray(start * outputs, end * outputs);
      const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      writeWhole(file, bytes, 4 * outputs * (sample[start]! - first));
    }
  }

  /** Writes the folder, in the place of an older one. */
  async write(folder: string, progress: Progress): Promise<void> {
    const tasks = Object.entries(this.input.tasks);
    const bar = progress.start(
      'write predictions',
      tasks.reduce((sum, [, { samples }]) => sum + samples[1] - samples[0], 0),
    );
    let done = 0;
    const advance = (samples: number) => {
      done += samples;
      bar.update(done);
    };
    try {
      await replaceFolder(folder, async (temporary) => {
        for (const [task] of tasks) await this.#writeTask(task, join(temporary, `${task}.parquet`), advance);
      });
    } finally {
      bar.stop();
    }
  }

  /** Piece by piece into a table, which DuckDB keeps in order: to sort all of it at once would take its memory several times over. */
  async #writeTask(task: string, path: string, advance: (samples: number) => void): Promise<void> {
    const { preparedFolder, tasks, work, limits } = this.input;
    const { kind, outputs, drawCorrection, samples } = tasks[task]!;
    const isAlone = kind === 'multiclass';
    const prepared = (file: string) =>
      `read_parquet(${quoteLiteral(escapeGlob(join(preparedFolder, file)))})`;
    const names = isAlone
      ? Array.from({ length: outputs }, (_, label) => `probability_${label}`)
      : ['prediction'];
    const rows = (first: number, last: number) =>
      `SELECT r.request_id, r.user_id, r."time", ${isAlone ? '' : 's.candidate, '}s.label, s.weight, p.* EXCLUDE (sample)
       FROM scores p JOIN ${prepared(preparedPaths.samples(task))} s USING (sample)
         JOIN ${prepared(preparedPaths.requests)} r USING (request)
       WHERE s.sample >= ${first} AND s.sample < ${last} ORDER BY p.sample`;
    const { connection, close } = await openDatabase(work, limits);
    const logits = new RawArray(this.#files.get(task)!.path, 'f32');
    try {
      const columns = names.map((name) => `${name} FLOAT`);
      await connection.run(`CREATE TABLE scores (sample INTEGER, ${columns.join(', ')})`);
      await connection.run(`CREATE TABLE predictions AS ${rows(0, 0)}`);
      const [start, end] = samples;
      for (let first = start; first < end; first += PIECE) {
        const last = Math.min(first + PIECE, end);
        const part = logits.read((first - start) * outputs, (last - start) * outputs);
        await appendScores(connection, first, probabilities(part, outputs, drawCorrection ?? 0), outputs);
        await connection.run(`INSERT INTO predictions ${rows(first, last)}`);
        await connection.run('DELETE FROM scores');
        advance(last - first);
      }
      await copyToParquet(connection, 'SELECT * FROM predictions', path);
    } finally {
      logits.close();
      close();
    }
  }

  /** Removes the temporary files. */
  close(): void {
    for (const { file, path } of this.#files.values()) {
      closeSync(file);
      rmSync(path, { force: true });
    }
  }
}

/** `values` row by row, [samples, outputs], of the samples from `first` on. */
async function appendScores(
  connection: DuckDBConnection,
  first: number,
  values: Float32Array,
  outputs: number,
): Promise<void> {
  const samples = values.length / outputs;
  const appender = await connection.createAppender('scores');
  for (let start = 0; start < samples; start += CHUNK) {
    const length = Math.min(CHUNK, samples - start);
    const chunk = DuckDBDataChunk.create([INTEGER, ...Array.from({ length: outputs }, () => FLOAT)]);
    chunk.setColumns([
      Array.from({ length }, (_, row) => first + start + row),
      ...Array.from({ length: outputs }, (_, at) =>
        Array.from({ length }, (_, row) => values[(start + row) * outputs + at]!),
      ),
    ]);
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
}
