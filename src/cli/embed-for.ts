/** Runs an embedding from its options to its report. */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Context } from '../common/context.js';
import { UserError } from '../common/errors.js';
import { formatTable } from '../common/table.js';
import { isDate, toEpochSeconds } from '../config/dates.js';
import { withDatabase } from '../delivery/database.js';
import { embedItems, nearestItems } from '../delivery/embed/embed-items.js';
import { type Embedded, embedUsers, queryOfUsers } from '../delivery/embed/embed-users.js';
import {
  idsFile,
  type VectorFormat,
  type VectorWriter,
  vectorWriter,
} from '../delivery/embed/vector-writer.js';
import { openHistories } from '../delivery/predict/prepared-histories.js';
import { itemUnits, representationUnits } from '../model/shape.js';
import { type AskedModel, type AskedOptions, openAskedModel } from './asked-model.js';
import type { Io } from './io.js';
import { requireNewFile } from './new-file.js';
import type { Report } from './session.js';

export interface EmbedOptions extends AskedOptions {
  readonly out?: string;
  readonly at?: string;
  readonly items?: true;
  readonly nearest?: string;
}

const NEAREST = 10;

export async function embedFor(
  options: EmbedOptions,
  io: Io,
  context: Context,
  width: number | null,
): Promise<Report> {
  const { out, at, items, nearest, force } = options;
  if (out === undefined && nearest === undefined)
    throw new UserError('Cannot embed: expected --out FILE, or --nearest ITEM');
  if (at !== undefined && items) throw new UserError('Cannot embed: --at is of users, not of --items');
  if (at !== undefined && !isDate(at)) {
    throw new UserError(
      `Cannot embed: expected a date (2016-10-20) or a date and time (2016-10-20 08:00:00), got --at ${at}`,
    );
  }
  const format = out === undefined ? null : vectorFormat(out);
  if (out !== undefined) requireNewFile(out, force === true);
  return withDatabase(async (connection) => {
    const asked = await openAskedModel(connection, options, 'embed', { io, context });
    try {
      const near = nearest === undefined ? null : nearestItems(asked.model, nearest, NEAREST);
      const table =
        near &&
        formatTable(
          ['item', 'cosine'],
          near.map(({ id, cosine }) => [id, cosine.toFixed(4)]),
          width,
        );
      if (out === undefined) return { json: { nearest: near }, text: table!.trimEnd() };
      const embedded = await write(connection, asked, { ...options, out, format: format! }, context);
      const perSecond = Math.round(embedded.rows / Math.max(embedded.seconds, 1e-3));
      const what = items ? 'items' : 'users';
      const lines = [
        ...(table ? [table] : []),
        `${embedded.rows} ${what}, ${embedded.units} units each, in ${embedded.seconds.toFixed(1)} s (${perSecond} ${what}/s)`,
        `vectors: ${out}${format === 'npy' ? `, ids: ${idsFile(out)}` : ''}`,
      ];
      return {
        json: { ...embedded, perSecond, out, ...(near && { nearest: near }) },
        text: lines.join('\n'),
      };
    } finally {
      asked.close();
    }
  });
}

function vectorFormat(path: string): VectorFormat {
  if (/\.npy$/i.test(path)) return 'npy';
  if (/\.(parquet|pq)$/i.test(path)) return 'parquet';
  throw new UserError(`Cannot write ${path}: expected a name that ends in .parquet or .npy`);
}

async function write(
  connection: DuckDBConnection,
  { model, prepared, name }: AskedModel,
  { out, format, items, at }: EmbedOptions & { readonly out: string; readonly format: VectorFormat },
  { progress }: Context,
): Promise<Embedded> {
  const { shape } = model.weights;
  const finish = async (writer: VectorWriter, run: () => Promise<Embedded>) => {
    try {
      const embedded = await run();
      await writer.close();
      return embedded;
    } catch (error) {
      await writer.abandon();
      throw error;
    }
  };
  if (items) {
    const writer = await vectorWriter(out, format, { name: 'item_id', units: itemUnits(shape) });
    return finish(writer, () => embedItems(model, writer));
  }
  queryOfUsers(shape);
  if (!prepared) {
    throw new UserError(
      `Cannot embed the users of ${name}: required prepared data with their histories (--prepared), got none`,
    );
  }
  const { lastEvent } = prepared.manifest;
  const { timeZone } = model.config.data;
  // The first whole second after the last event.
  const endOfLog = lastEvent === null ? 0 : Math.floor(Date.parse(lastEvent) / 1000) + 1;
  const moment = at === undefined ? endOfLog : toEpochSeconds(at, timeZone);
  const histories = openHistories(connection, model.config, prepared, model.catalogues.items);
  try {
    const writer = await vectorWriter(out, format, { name: 'user_id', units: representationUnits(shape) });
    return await finish(writer, () =>
      embedUsers(connection, { model, prepared, histories, at: moment, progress }, writer),
    );
  } finally {
    histories.close();
  }
}
