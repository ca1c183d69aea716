/** Opens a bundle: its files are checked, then its tables and weights are loaded. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { messageOf, UserError } from '../common/errors.js';
import { fileSha256 } from '../common/files.js';
import { readSafetensors } from '../model/safetensors.js';
import { allVariables, emptyWeights } from '../model/weights.js';
import { BUNDLE_FORMAT, type BundleHead, bundlePaths } from './bundle-format.js';
import { parquetSql, rowsOfQuery } from './database.js';
import { checkGolden, type GoldenCheck, type GoldenRequest, type ScoreTask, scoreBy } from './golden.js';
import { type ItemState, type ItemStates, itemStates, noStates } from './item-states.js';
import { type EncodingModel, type OpenModel, openModel } from './open-model.js';

/** A bundle whose files and tables are open; its weights are not read. */
export interface BundleTables extends EncodingModel {
  readonly folder: string;
  readonly head: BundleHead;
  /** Asks the golden requests again. @throws UserError when the answers are others */
  check(score: ScoreTask): Promise<GoldenCheck>;
}

export interface Bundle extends OpenModel {
  readonly folder: string;
  readonly head: BundleHead;
  /** As of `BundleTables`, by its own weights. */
  check(): Promise<GoldenCheck>;
  close(): void;
}

/** @throws UserError when it is none, of another format, or damaged */
export async function openBundle(connection: DuckDBConnection, folder: string): Promise<Bundle> {
  const tables = await openBundleTables(connection, folder);
  const weights = emptyWeights(tables.head.shape);
  try {
    await readSafetensors(join(folder, bundlePaths.weights), allVariables(weights));
    const model = { ...tables, weights };
    return { ...model, check: () => tables.check(scoreBy(model)), close: () => weights.dispose() };
  } catch (error) {
    weights.dispose();
    throw error;
  }
}

/** @throws UserError as `openBundle` */
export async function openBundleTables(connection: DuckDBConnection, folder: string): Promise<BundleTables> {
  const head = await readHead(folder);
  for (const [path, { sha256 }] of Object.entries(head.files)) {
    const got = await fileSha256(join(folder, path)).catch((cause) => {
      throw refuse(folder, messageOf(cause), cause);
    });
    if (got !== sha256) throw refuse(folder, `${path} is damaged (sha256 ${sha256} was written, got ${got})`);
  }
  const { config, encoding: manifest, shape } = head;
  const states = await readStates(connection, join(folder, bundlePaths.states));
  const model = await openModel(connection, { config, weights: { shape }, manifest, folder, states });
  return {
    ...model,
    folder,
    head,
    async check(score) {
      const text = await readFile(join(folder, bundlePaths.golden), 'utf8');
      return checkGolden(model, JSON.parse(text) as GoldenRequest[], folder, score);
    },
  };
}

const refuse = (folder: string, text: string, cause?: unknown) =>
  new UserError(`Cannot open the bundle ${folder}: ${text}`, { cause });

async function readHead(folder: string): Promise<BundleHead> {
  let head: BundleHead;
  try {
    head = JSON.parse(await readFile(join(folder, bundlePaths.head), 'utf8')) as BundleHead;
  } catch (cause) {
    throw refuse(folder, `expected what dupn export writes, ${messageOf(cause)}`, cause);
  }
  if (head?.format === BUNDLE_FORMAT) return head;
  throw refuse(folder, `expected format ${BUNDLE_FORMAT}, got ${head?.format}; export it again`);
}

/** Only of bundles with items whose attributes change. */
async function readStates(connection: DuckDBConnection, path: string): Promise<ItemStates> {
  if (!existsSync(path)) return noStates;
  const byId = new Map<string, ItemState & { readonly seconds: number[]; readonly rows: number[] }>();
  const sql = `SELECT item_id, seconds, "row" FROM ${parquetSql(path)} ORDER BY item_id, seconds`;
  for await (const rows of rowsOfQuery<[string, bigint, number]>(connection, sql)) {
    for (const [id, seconds, row] of rows) {
      const state = byId.get(id) ?? { seconds: [], rows: [] };
      state.seconds.push(Number(seconds));
      state.rows.push(row);
      byId.set(id, state);
    }
  }
  return itemStates(byId);
}
