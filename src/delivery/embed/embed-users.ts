/** The representation rep of every user of prepared data at a moment, a block of users at a time. */
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Progress } from '../../common/context.js';
import { UserError } from '../../common/errors.js';
import { preparedPaths } from '../../common/prepared.js';
import type { PreparedData } from '../../dataset/prepared.js';
import type { RequestQuery } from '../../model/forward.js';
import { representBatch } from '../../model/represent.js';
import { type ModelShape, representationUnits } from '../../model/shape.js';
import { buildBatch } from '../build-batch.js';
import { parquetSql, rowsOfQuery } from '../database.js';
import type { AskedRequest } from '../encoded.js';
import type { OpenModel } from '../open-model.js';
import type { PreparedHistories } from '../predict/prepared-histories.js';
import { batchesOf } from '../score-requests.js';
import type { VectorWriter } from './vector-writer.js';

export interface Embedded {
  /** Vectors. */
  readonly rows: number;
  readonly units: number;
  readonly seconds: number;
}

export interface EmbedUsersInput {
  readonly model: OpenModel;
  readonly prepared: PreparedData;
  readonly histories: PreparedHistories;
  /** Seconds since 1970: events before it count. */
  readonly at: number;
  readonly progress: Progress;
}

/**
 * What a user is asked with where there is no request: nothing, or no words.
 * @throws UserError for a model all of whose tasks ask with the candidate, which has no one representation of a user
 */
export function queryOfUsers({ tasks }: ModelShape): RequestQuery {
  const queries = Object.values(tasks).map(({ query }) => query);
  if (queries.includes('none')) return 'none';
  if (queries.includes('text')) return 'text';
  throw new UserError(
    'Cannot embed users: required a task with query none or text, as with query candidate the representation is another for each ' +
      `candidate; got ${Object.keys(tasks).join(', ')} with candidate`,
  );
}

/** Users in the order of the prepared data; what is known of a request is missing. */
export async function embedUsers(
  connection: DuckDBConnection,
  { model, prepared, histories, at, progress }: EmbedUsersInput,
  writer: VectorWriter,
): Promise<Embedded> {
  const { weights, encoder } = model;
  const { shape } = weights;
  const query = queryOfUsers(shape);
  const units = representationUnits(shape);
  const startMs = performance.now();
  const bar = progress.start('embed', prepared.manifest.users);
  let rows = 0;
  const known = (user: number): AskedRequest => {
    const end = histories.countBefore(user, at);
    const { events, profile, last } = histories.read(user, end, shape.maxEvents);
    const users = encoder.users({ values: {}, profile, last });
    return { request: { events, users, words: [] }, tasks: {} };
  };
  const sql = `SELECT "user"::INTEGER, user_id FROM ${parquetSql(join(prepared.folder, preparedPaths.users))} ORDER BY "user"`;
  try {
    for await (const block of rowsOfQuery<[number, string]>(connection, sql)) {
      const asked = block.map(([user]) => known(user));
      const vectors = new Float32Array(block.length * units);
      for (const part of batchesOf(asked)) {
        const batch = buildBatch(
          shape,
          part.map((place) => asked[place]!),
        );
        const values = representBatch(weights, batch, query);
        for (const [row, place] of part.entries()) {
          vectors.set(values.subarray(row * units, (row + 1) * units), place * units);
        }
      }
      await writer.add(
        block.map(([, id]) => id),
        vectors,
      );
      rows += block.length;
      const perSecond = Math.round((1000 * rows) / (performance.now() - startMs));
      bar.update(rows, { 'users/s': perSecond });
    }
  } finally {
    bar.stop();
  }
  return { rows, units, seconds: (performance.now() - startMs) / 1000 };
}
