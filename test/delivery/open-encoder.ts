/** The encoder of a config and its prepared data, without weights. */
import type { Config } from '../../src/config/schema.js';
import { openPrepared, type PreparedData } from '../../src/dataset/prepared.js';
import { type Catalogues, loadCatalogues } from '../../src/delivery/catalogue.js';
import { withDatabase } from '../../src/delivery/database.js';
import { createEncoder, type Encoder } from '../../src/delivery/encoder.js';
import { loadVocabularies } from '../../src/delivery/encoding.js';
import { statesOfLog } from '../../src/delivery/item-states.js';
import { modelShape } from '../../src/model/shape.js';

export interface OpenEncoder {
  readonly encoder: Encoder;
  readonly prepared: PreparedData;
  readonly catalogues: Catalogues;
}

export async function openEncoder(config: Config, folder: string): Promise<OpenEncoder> {
  const prepared = openPrepared(folder);
  const { manifest } = prepared;
  return withDatabase(async (connection) => {
    const vocabularies = await loadVocabularies(connection, folder, manifest);
    const states = await statesOfLog(connection, prepared);
    const catalogues = await loadCatalogues(connection, folder, manifest, states);
    const shape = modelShape(config, manifest);
    const encoder = createEncoder({ config, manifest, shape, vocabularies, catalogues });
    return { encoder, prepared, catalogues };
  });
}

/** What prepared data holds of a row of items or of an entity: the table rows of each field, and the numbers. */
export function storedRow(
  fields: PreparedData['items'],
  numbers: PreparedData['itemNumbers'],
  row: number,
  rows: number,
): { readonly fields: number[][]; readonly numbers: number[] } {
  const width = (numbers?.length ?? 0) / rows;
  return {
    fields: fields.map(({ values, offsets }) => {
      const [start, end] = offsets ? offsets.read(row, row + 2) : [row, row + 1];
      return [...values.read(start!, end!)];
    }),
    numbers: [...(numbers?.read(row * width, (row + 1) * width) ?? [])],
  };
}
