/** Writes a bundle: all that is needed to ask a trained model, in one folder that depends on nothing else. */
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { copyToParquet } from '../common/database.js';
import { UserError } from '../common/errors.js';
import { fileSha256, replaceFolder, writeJson } from '../common/files.js';
import { preparedPaths } from '../common/prepared.js';
import type { PreparedData } from '../dataset/prepared.js';
import { writeSafetensors } from '../model/safetensors.js';
import { allVariables } from '../model/weights.js';
import { BUNDLE_FORMAT, type BundleHead, type BundleOrigin, bundlePaths } from './bundle-format.js';
import { parquetSql } from './database.js';
import { type EncodingManifest, vocabulariesOf } from './encoding.js';
import { checkGolden, type GoldenCheck, type GoldenRequest, scoreBy } from './golden.js';
import type { ItemStates } from './item-states.js';
import type { OpenModel } from './open-model.js';

export interface WriteBundleInput {
  /** Opened on the prepared data. */
  readonly model: OpenModel;
  readonly states: ItemStates;
  readonly prepared: PreparedData;
  readonly golden: readonly GoldenRequest[];
  readonly origin: BundleOrigin;
  readonly folder: string;
  /** Whether a bundle that is there may go. */
  readonly force: boolean;
}

export interface WrittenBundle {
  readonly folder: string;
  readonly bytes: number;
  readonly golden: GoldenCheck;
}

/** @throws UserError when something is there already, or when the model does not give its golden predictions from raw values */
export async function writeBundle(
  connection: DuckDBConnection,
  input: WriteBundleInput,
): Promise<WrittenBundle> {
  const { model, states, prepared, golden, origin, folder, force } = input;
  await requireReplaceable(folder, bundlePaths.head, force);
  const check = await checkGolden(model, golden, origin.run, scoreBy(model));
  let bytes = 0;
  await replaceFolder(folder, async (temporary) => {
    const { fields, entities, items } = prepared.manifest;
    const encoding: EncodingManifest = { fields, entities, items };
    await copyTables(connection, prepared, encoding, temporary);
    if (states.byId.size > 0) await writeStates(connection, states, join(temporary, bundlePaths.states));
    await writeSafetensors(join(temporary, bundlePaths.weights), allVariables(model.weights));
    await writeJson(join(temporary, bundlePaths.golden), golden);
    const files = await describe(temporary);
    const { config } = model;
    const head: BundleHead = {
      format: BUNDLE_FORMAT,
      name: config.name,
      origin,
      config: { ...config, data: { ...config.data, root: '.' } },
      shape: model.weights.shape,
      encoding,
      files,
    };
    await writeJson(join(temporary, bundlePaths.head), head);
    bytes = Object.values(files).reduce((sum, file) => sum + file.bytes, 0);
  });
  return { folder, bytes, golden: check };
}

/** `mark` is a file that tells a folder of the same kind: nothing else is ever replaced. */
export async function requireReplaceable(folder: string, mark: string, force: boolean): Promise<void> {
  if (!existsSync(folder)) return;
  if ((await stat(folder)).isDirectory()) {
    if ((await readdir(folder)).length === 0) return;
    if (force && existsSync(join(folder, mark))) return;
  }
  const what = existsSync(join(folder, mark)) ? 'an earlier export (--force replaces it)' : 'something else';
  throw new UserError(`Cannot export to ${folder}: expected a folder that is new or empty, got ${what}`);
}

/** Vocabularies, items and entities, as they lie in the prepared data. */
async function copyTables(
  connection: DuckDBConnection,
  { folder, manifest }: PreparedData,
  encoding: EncodingManifest,
  target: string,
): Promise<void> {
  for (const [group, field] of vocabulariesOf(encoding)) {
    const path = preparedPaths.vocabulary(group, field);
    await mkdir(dirname(join(target, path)), { recursive: true });
    const rows = `SELECT value, count, "index" FROM ${parquetSql(join(folder, path))} WHERE "index" IS NOT NULL ORDER BY "index"`;
    await copyToParquet(connection, rows, join(target, path));
  }
  for (const path of Object.keys(manifest.files)) {
    if (!path.startsWith('items/') && !path.startsWith('entities/')) continue;
    await mkdir(dirname(join(target, path)), { recursive: true });
    await copyFile(join(folder, path), join(target, path));
  }
}

async function writeStates(connection: DuckDBConnection, { byId }: ItemStates, path: string): Promise<void> {
  await connection.run('CREATE TEMP TABLE states (item_id VARCHAR, seconds BIGINT, "row" INTEGER)');
  const appender = await connection.createAppender('states');
  for (const [id, { seconds, rows }] of byId) {
    for (const [at, moment] of seconds.entries()) {
      appender.appendVarchar(id);
      appender.appendBigInt(BigInt(moment));
      appender.appendInteger(rows[at]!);
      appender.endRow();
    }
  }
  appender.closeSync();
  await copyToParquet(connection, 'SELECT * FROM states ORDER BY item_id, seconds', path);
  await connection.run('DROP TABLE states');
}

async function describe(folder: string): Promise<BundleHead['files']> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const files: Record<string, { bytes: number; sha256: string }> = {};
  for (const path of paths.sort()) {
    files[relative(folder, path)] = { bytes: (await stat(path)).size, sha256: await fileSha256(path) };
  }
  return files;
}
