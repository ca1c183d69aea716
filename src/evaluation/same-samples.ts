/**
 * Which samples of a task two prepared folders have in common: requests by id, user and time, samples within them by candidate
 * and label. It takes 8 bytes of a temporary file for each sample of the other folder, and 1 for each of this one.
 */
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { numberOf, openDatabase } from '../common/database.js';
import { writeWhole } from '../common/files.js';
import { preparedPaths } from '../common/prepared.js';
import { escapeGlob, quoteLiteral } from '../common/sql.js';
import type { PreparedData } from '../dataset/prepared.js';
import { RawArray } from '../dataset/raw-array.js';
import type { ScoredSamples } from '../model/score-batches.js';
import { measuredRequests, samplesOf } from './measured.js';
import { requestsOf } from './requests-of.js';

export interface SameSamples {
  readonly samples: number;
  /** 1 for each request of this folder, of those that are measured, with a sample in common. */
  readonly hasSample: Uint8Array;
  /** Samples of this folder that the other has too. */
  ofThis(scored: ScoredSamples): ScoredSamples;
  /** Samples of the other folder that this has too, by the numbers of this and with its weights. */
  ofOther(scored: ScoredSamples): ScoredSamples;
  close(): void;
}

export interface SameSamplesInput {
  readonly prepared: PreparedData;
  readonly other: PreparedData;
  readonly task: string;
  readonly folder: string;
  readonly limits: Parameters<typeof openDatabase>[1];
}

export async function findSameSamples(input: SameSamplesInput): Promise<SameSamples> {
  const { prepared, other, task, folder, limits } = input;
  const database = await openDatabase(folder, limits);
  const paths = { own: join(folder, `${task}.same.u8`), other: join(folder, `${task}.same.i32`) };
  try {
    const { connection } = database;
    await connection.run(requestsSql(prepared, 'own'));
    await connection.run(requestsSql(other, 'other'));
    await connection.run(samplesSql(prepared, task, 'own'));
    await connection.run(samplesSql(other, task, 'other'));
    await connection.run(
      `CREATE TABLE pairs AS SELECT o.sample AS own, o.request, t.sample AS other FROM own_requests p
       JOIN other_requests q ON q.request_id IS NOT DISTINCT FROM p.request_id AND q.user_id = p.user_id AND q."time" = p."time" AND q.k = p.k
       JOIN own_samples o ON o.request = p.request
       JOIN other_samples t ON t.request = q.request AND t.candidate IS NOT DISTINCT FROM o.candidate AND t.label = o.label AND t.k = o.k`,
    );
    const samples = await numberOf(connection, 'SELECT count(*) FROM pairs');
    await writeColumns(
      connection,
      'SELECT CAST(p.own IS NOT NULL AS INTEGER) FROM own_samples s LEFT JOIN pairs p ON p.own = s.sample ORDER BY s.sample',
      paths.own,
      (rows, [has]) => Uint8Array.from({ length: rows }, (_, at) => has![at]!),
    );
    await writeColumns(
      connection,
      'SELECT coalesce(p.own, -1), coalesce(p.request, -1) FROM other_samples s LEFT JOIN pairs p ON p.other = s.sample ORDER BY s.sample',
      paths.other,
      (rows, [own, request]) =>
        Int32Array.from({ length: 2 * rows }, (_, at) => (at % 2 === 0 ? own! : request!)[at >> 1]!),
    );
    return sameSamples(input, samples, paths);
  } finally {
    database.close();
  }
}

function sameSamples(
  { prepared, other, task }: SameSamplesInput,
  samples: number,
  paths: { readonly own: string; readonly other: string },
): SameSamples {
  const requests = measuredRequests(prepared.manifest);
  const [firstOwn] = samplesOf(prepared, task, requests);
  const [firstOther] = samplesOf(other, task, measuredRequests(other.manifest));
  const own = new RawArray(paths.own, 'u8');
  const others = new RawArray(paths.other, 'i32');
  const hasSample = new Uint8Array(requests[1] - requests[0]);
  const { weight: weights } = prepared.tasks[task]!;
  const offsets = prepared.tasks[task]!.offsets.read(requests[0], requests[1] + 1);
  for (let at = 0; at < hasSample.length; at++) {
    hasSample[at] = own.read(offsets[at]! - firstOwn, offsets[at + 1]! - firstOwn).includes(1) ? 1 : 0;
  }
  return {
    samples,
    hasSample,
    ofThis: (scored) => {
      const kept: number[] = [];
      for (const { start, end } of requestsOf(scored)) {
        const first = scored.sample[start]! - firstOwn;
        const has = own.read(first, first + end - start);
        for (let at = start; at < end; at++) if (has[at - start]) kept.push(at);
      }
      return pick(scored, kept);
    },
    ofOther: (scored) => {
      const kept: number[] = [];
      const sample = new Int32Array(scored.sample.length);
      const request = new Int32Array(scored.sample.length);
      const weight = new Float32Array(scored.sample.length);
      for (const { start, end } of requestsOf(scored)) {
        const first = scored.sample[start]! - firstOther;
        const pairs = others.read(2 * first, 2 * (first + end - start));
        for (let at = start; at < end; at++) {
          sample[at] = pairs[2 * (at - start)]!;
          request[at] = pairs[2 * (at - start) + 1]!;
          if (sample[at] === -1) continue;
          weight[at] = weights.at(sample[at]!);
          kept.push(at);
        }
      }
      return pick({ ...scored, sample, request, weight }, kept);
    },
    close() {
      own.close();
      others.close();
    },
  };
}

function pick(scored: ScoredSamples, kept: readonly number[]): ScoredSamples {
  const { outputs, logits } = scored;
  const chosen = <T extends Float32Array | Int32Array>(values: T): T =>
    (values.constructor as unknown as { from(values: readonly number[]): T }).from(
      kept.map((at) => values[at]!),
    );
  return {
    ...scored,
    label: chosen(scored.label),
    weight: chosen(scored.weight),
    request: chosen(scored.request),
    sample: chosen(scored.sample),
    logits: Float32Array.from({ length: kept.length * outputs }, (_, at) => {
      return logits[kept[Math.floor(at / outputs)]! * outputs + (at % outputs)]!;
    }),
  };
}

const parquet = ({ folder }: PreparedData, path: string) =>
  `read_parquet(${quoteLiteral(escapeGlob(join(folder, path)))})`;

/** Requests with the same id, user and time are told apart by their order (k). */
function requestsSql(prepared: PreparedData, name: string): string {
  const [start, end] = measuredRequests(prepared.manifest);
  return `CREATE TABLE ${name}_requests AS SELECT request, request_id, user_id, "time",
      row_number() OVER (PARTITION BY request_id, user_id, "time" ORDER BY request) AS k
    FROM ${parquet(prepared, preparedPaths.requests)} WHERE request >= ${start} AND request < ${end}`;
}

function samplesSql(prepared: PreparedData, task: string, name: string): string {
  const [start, end] = measuredRequests(prepared.manifest);
  const candidate = prepared.manifest.tasks[task]!.candidate === null ? 'NULL' : 'candidate';
  return `CREATE TABLE ${name}_samples AS SELECT sample, request, CAST(${candidate} AS VARCHAR) AS candidate, label,
      row_number() OVER (PARTITION BY request, ${candidate}, label ORDER BY sample) AS k
    FROM ${parquet(prepared, preparedPaths.samples(task))} WHERE request >= ${start} AND request < ${end}`;
}

async function writeColumns(
  connection: DuckDBConnection,
  sql: string,
  path: string,
  encode: (rows: number, columns: readonly (readonly number[])[]) => Uint8Array | Int32Array,
): Promise<void> {
  const result = await connection.stream(sql);
  const file = openSync(path, 'w');
  try {
    for (;;) {
      const chunk = await result.fetchChunk();
      if (!chunk || chunk.rowCount === 0) break;
      const columns = Array.from(
        { length: chunk.columnCount },
        (_, at) => chunk.getColumnValues(at) as number[],
      );
      const encoded = encode(chunk.rowCount, columns);
      const bytes = new Uint8Array(encoded.buffer, encoded.byteOffset, encoded.byteLength);
      writeWhole(file, bytes);
    }
  } finally {
    closeSync(file);
  }
}
