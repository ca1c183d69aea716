/** A trained model with all that is needed to ask it with raw values, or all but its weights. */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Config } from '../config/schema.js';
import type { ModelWeights } from '../model/weights.js';
import { type Catalogues, loadCatalogues } from './catalogue.js';
import { createEncoder, type Encoder } from './encoder.js';
import { type EncodingManifest, loadVocabularies } from './encoding.js';
import type { Vocabulary } from './field-encoder.js';
import type { ItemStates } from './item-states.js';

/** Encodes what is asked of a model whose weights may be elsewhere. */
export interface EncodingModel {
  readonly config: Config;
  readonly weights: Pick<ModelWeights, 'shape'>;
  readonly manifest: EncodingManifest;
  readonly vocabularies: ReadonlyMap<string, Vocabulary>;
  readonly catalogues: Catalogues;
  readonly encoder: Encoder;
}

export interface OpenModel extends EncodingModel {
  /** The owner of the model disposes of them. */
  readonly weights: ModelWeights;
}

export interface OpenModelInput<Weights> extends Pick<EncodingModel, 'config' | 'manifest'> {
  readonly weights: Weights;
  /** A bundle, or prepared data. */
  readonly folder: string;
  readonly states: ItemStates;
}

export async function openModel<Weights extends EncodingModel['weights']>(
  connection: DuckDBConnection,
  { folder, states, ...model }: OpenModelInput<Weights>,
): Promise<EncodingModel & { readonly weights: Weights }> {
  const { config, manifest, weights } = model;
  const vocabularies = await loadVocabularies(connection, folder, manifest);
  const catalogues = await loadCatalogues(connection, folder, manifest, states);
  const encoder = createEncoder({ config, manifest, shape: weights.shape, vocabularies, catalogues });
  return { ...model, vocabularies, catalogues, encoder };
}
