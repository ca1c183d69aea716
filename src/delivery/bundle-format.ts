/** What a bundle is on disk (docs/serving.md). */
import type { Config } from '../config/schema.js';
import type { ModelShape } from '../model/shape.js';
import type { EncodingManifest } from './encoding.js';

/** Bumped whenever a reader of the old layout would misread the new one. */
export const BUNDLE_FORMAT = 1;

/** Paths inside a bundle; vocabularies, items and entities lie as in prepared data. */
export const bundlePaths = {
  head: 'bundle.json',
  weights: 'weights.safetensors',
  states: 'items/states.parquet',
  golden: 'golden.json',
} as const;

/** Where a model comes from. */
export interface BundleOrigin {
  /** Name of the run. */
  readonly run: string;
  readonly step: number;
  /** Until when the requests lie that it learned from, as ISO 8601 in UTC. */
  readonly learnedTo: string;
}

/** bundle.json */
export interface BundleHead {
  readonly format: number;
  readonly name: string;
  readonly origin: BundleOrigin;
  /** The resolved config; its data.root means nothing here. */
  readonly config: Config;
  readonly shape: ModelShape;
  /** Fields with the sizes of their vocabularies, strides of properties, means and deviations of numbers. */
  readonly encoding: EncodingManifest;
  /** Path inside the folder -> size and sha256 of every file but this one. */
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;
}
