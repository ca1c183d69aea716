/** Predictions as CSV, JSON lines or Parquet, in the order in which they come; a file appears whole or not at all. */
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import {
  DuckDBDataChunk,
  DuckDBTimestampValue,
  type DuckDBType,
  FLOAT,
  TIMESTAMP,
  VARCHAR,
} from '@duckdb/node-api';
import { copyToParquet, type Database, openDatabase } from '../../common/database.js';
import { UserError } from '../../common/errors.js';
import { openWorkshop, type Workshop, withPath } from '../../common/files.js';
import { shortest } from '../../common/shortest.js';

export interface Prediction {
  readonly requestId: string | null;
  readonly userId: string;
  readonly timeUs: number;
  readonly candidate: string | null;
  /** One probability, or that of each class; may be a view. */
  readonly predictions: Float32Array;
}

export interface PredictionWriter {
  add(prediction: Prediction): void;
  /** Waits until what was added is out of memory. */
  flush(): Promise<void>;
  /** After the last one. */
  close(): Promise<void>;
  /** Leaves nothing behind. */
  abandon(): Promise<void>;
}

/** What the predictions of a task have. */
export interface PredictionColumns {
  readonly hasRequest: boolean;
  readonly hasCandidate: boolean;
  readonly outputs: number;
}

export type PredictionFormat = 'csv' | 'jsonl' | 'parquet';

/** By the names of `dupn eval`: request_id, user_id, time, candidate, then prediction, or probability_<k> of each class. */
function namesOf({ hasRequest, hasCandidate, outputs }: PredictionColumns) {
  return {
    keys: [...(hasRequest ? ['request_id'] : []), 'user_id', 'time', ...(hasCandidate ? ['candidate'] : [])],
    values: outputs === 1 ? ['prediction'] : Array.from({ length: outputs }, (_, k) => `probability_${k}`),
  };
}

const keysOf = (prediction: Prediction, { hasRequest, hasCandidate }: PredictionColumns, time: string) => [
  ...(hasRequest ? [prediction.requestId] : []),
  prediction.userId,
  time,
  ...(hasCandidate ? [prediction.candidate] : []),
];

/** ISO 8601 in UTC, with a fraction where there is one. */
function timeText(timeUs: number): string {
  const us = timeUs % 1_000_000;
  const text = new Date((timeUs - us) / 1000).toISOString().slice(0, 19);
  return us === 0 ? `${text}Z` : `${text}.${`${us}`.padStart(6, '0')}Z`;
}

/** A cell of CSV (RFC 4180). */
const cell = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** To a stream that is the caller's, CSV or JSON lines. */
export function streamWriter(
  stream: NodeJS.WritableStream,
  format: 'csv' | 'jsonl',
  columns: PredictionColumns,
): PredictionWriter {
  return textWriter(format, columns, async (text) => {
    if (stream.write(text)) return;
    await once(stream, 'drain').catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      throw new UserError('Cannot write predictions: whoever read them has stopped', { cause: error });
    });
  });
}

/** Gathers text, and hands it on at each flush. */
function textWriter(
  format: 'csv' | 'jsonl',
  columns: PredictionColumns,
  write: (text: string) => Promise<void>,
): PredictionWriter {
  const { keys, values } = namesOf(columns);
  let text = format === 'csv' ? `${[...keys, ...values].join(',')}\n` : '';
  const flush = async () => {
    const written = text;
    text = '';
    if (written !== '') await write(written);
  };
  return {
    add(prediction) {
      const cells = keysOf(prediction, columns, timeText(prediction.timeUs));
      const numbers = Array.from(prediction.predictions, shortest);
      if (format === 'csv') {
        text += `${[...cells.map((key) => cell(key ?? '')), ...numbers].join(',')}\n`;
        return;
      }
      const all = [
        ...keys.map((key, at) => [key, cells[at]]),
        ...values.map((value, at) => [value, numbers[at]]),
      ];
      text += `${JSON.stringify(Object.fromEntries(all))}\n`;
    },
    flush,
    close: flush,
    abandon: async () => {},
  };
}

/** To a file; an older one goes when the new one is whole. */
export async function fileWriter(
  path: string,
  format: PredictionFormat,
  columns: PredictionColumns,
): Promise<PredictionWriter> {
  const workshop = await openWorkshop(path);
  if (format === 'parquet') return parquetWriter(path, workshop, columns);
  const name = `predictions.${format}`;
  const file = await open(join(workshop.folder, name), 'w');
  const writer = textWriter(format, columns, (text) =>
    file.writeFile(text).catch((error) => {
      throw withPath(error, path);
    }),
  );
  return {
    ...writer,
    async close() {
      await writer.close();
      await file.close();
      await workshop.putInPlace(name, path);
      await workshop.remove();
    },
    async abandon() {
      await file.close();
      await workshop.remove();
    },
  };
}

/** Rows of one of DuckDB's chunks. */
const CHUNK = 2048;

/** Rows go into a table first, which DuckDB puts on disk beyond its memory limit. */
async function parquetWriter(
  path: string,
  workshop: Workshop,
  columns: PredictionColumns,
): Promise<PredictionWriter> {
  const { folder } = workshop;
  const database: Database = await openDatabase(folder, { memoryLimit: '500MB' });
  const { connection } = database;
  const { keys, values } = namesOf(columns);
  const types: DuckDBType[] = [
    ...keys.map((key) => (key === 'time' ? TIMESTAMP : VARCHAR)),
    ...values.map(() => FLOAT),
  ];
  const described = [...keys, ...values].map((name, at) => `${name} ${types[at]}`);
  await connection.run(`CREATE TABLE predictions (${described.join(', ')})`);
  let rows: (string | number | null | DuckDBTimestampValue)[][] = [];
  const flush = async () => {
    const appender = await connection.createAppender('predictions');
    for (let start = 0; start < rows.length; start += CHUNK) {
      const chunk = DuckDBDataChunk.create(types);
      chunk.setRows(rows.slice(start, start + CHUNK));
      appender.appendDataChunk(chunk);
    }
    appender.closeSync();
    rows = [];
  };
  const timeAt = keys.indexOf('time');
  return {
    add(prediction) {
      const cells: (string | null | DuckDBTimestampValue)[] = keysOf(prediction, columns, '');
      cells[timeAt] = new DuckDBTimestampValue(BigInt(prediction.timeUs));
      rows.push([...cells, ...prediction.predictions]);
    },
    flush,
    async close() {
      await flush();
      const name = 'predictions.parquet';
      await copyToParquet(connection, 'SELECT * FROM predictions', join(folder, name));
      database.close();
      await workshop.putInPlace(name, path);
      await workshop.remove();
    },
    async abandon() {
      database.close();
      await workshop.remove();
    },
  };
}
