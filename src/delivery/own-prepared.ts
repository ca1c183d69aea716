/** A bundle on prepared data: its items, users and streams, as long as the data is encoded as the bundle is. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { UserError } from '../common/errors.js';
import { PREPARED_FORMAT, preparedPaths } from '../common/prepared.js';
import { openPrepared, type PreparedData } from '../dataset/prepared.js';
import type { EncodingManifest } from './encoding.js';
import { statesOfLog } from './item-states.js';
import type { BundleTables } from './open-bundle.js';
import { type EncodingModel, openModel } from './open-model.js';

/** The caller closes the data. @throws UserError for data that is encoded in another way */
export async function openOwnPrepared<Weights extends EncodingModel['weights']>(
  connection: DuckDBConnection,
  bundle: Pick<BundleTables, 'folder' | 'head' | 'config'> & { readonly weights: Weights },
  folder: string,
): Promise<{
  readonly model: EncodingModel & { readonly weights: Weights };
  readonly prepared: PreparedData;
}> {
  if (!existsSync(join(folder, preparedPaths.manifest))) {
    throw new UserError(
      `Cannot read histories from ${folder}: expected prepared data, got none; run dupn preprocess`,
    );
  }
  const prepared = openPrepared(folder);
  try {
    const { manifest } = prepared;
    if (manifest.format !== PREPARED_FORMAT) {
      throw refuse(folder, `expected prepared data of format ${PREPARED_FORMAT}, got ${manifest.format}`);
    }
    const [there, here] = [signatures(bundle.head.encoding), signatures(manifest)];
    for (const [name, signature] of there) {
      if (here.get(name) === signature) continue;
      throw refuse(
        folder,
        `its ${name} is encoded in another way than that of ${bundle.folder}; export the run that goes with it`,
      );
    }
    const states = await statesOfLog(connection, prepared);
    const { config, weights } = bundle;
    return { model: await openModel(connection, { config, weights, manifest, folder, states }), prepared };
  } catch (error) {
    prepared.close();
    throw error;
  }
}

const refuse = (folder: string, text: string) =>
  new UserError(`Cannot read histories from ${folder}: ${text}`);

/** What decides the meaning of the numbers of each field, number and property code. */
function signatures({ fields, entities }: EncodingManifest): ReadonlyMap<string, string> {
  const all = new Map<string, string>();
  const add = (what: string, list: readonly { readonly name: string }[]) => {
    for (const [place, { name, ...rest }] of list.entries()) {
      const { values: _, earlier: __, ...decisive } = rest as Record<string, unknown>;
      all.set(`${what} ${name}`, JSON.stringify([place, decisive]));
    }
  };
  add('item field', fields.item);
  add('item number', fields.itemNumbers);
  add('property', fields.properties);
  add('user field', fields.user);
  add('query field', fields.query ? [fields.query] : []);
  for (const [entity, manifest] of Object.entries(entities)) {
    add(`field of ${entity}`, manifest.fields);
    add(`number of ${entity}`, manifest.numbers);
  }
  return all;
}
