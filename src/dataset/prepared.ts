/**
 * A prepared folder, opened for reading: the arrays of docs/prepared-format.md under their names. Opening checks
 * the size of every file against the manifest; bytes are read when they are asked for, and the checksum of what is kept in
 * memory then.
 */
import { join } from 'node:path';
import { UserError } from '../common/errors.js';
import { mapValues } from '../common/map-values.js';
import {
  type ElementType,
  type EntityManifest,
  type FieldManifest,
  type Manifest,
  type NumberManifest,
  preparedPaths,
  SPLITS,
  type Split,
} from '../common/prepared.js';
import { readManifest } from '../common/read-manifest.js';
import { LOAD_BELOW_BYTES, RawArray } from './raw-array.js';
import type { StreamSegment } from './user-streams.js';

/** The values of a field of items or of an entity, by row. */
export interface FieldArrays<Field extends FieldManifest = FieldManifest> {
  readonly field: Field;
  /** Vocabulary indexes: [rows], or the values of all rows one after the other. */
  readonly values: RawArray<'i32'>;
  /** [rows + 1], of a multi-valued field only. */
  readonly offsets: RawArray<'i32'> | null;
}

type EntityField = EntityManifest['fields'][number];

export interface RequestArrays {
  /** User index, [requests]. */
  readonly user: RawArray<'i32'>;
  /** Seconds since 1970, [requests]. */
  readonly time: RawArray<'u32'>;
  /** Number of the user's events strictly before the request, [requests]. */
  readonly end: RawArray<'i32'>;
  /** User field -> vocabulary index at the request, [requests]. */
  readonly fields: Readonly<Record<string, RawArray<'i32'>>>;
  /** The words of the query; null without features.query. */
  readonly query: { readonly values: RawArray<'i32'>; readonly offsets: RawArray<'i32'> } | null;
}

export interface TaskArrays {
  /** Samples of request r are [offsets[r], offsets[r + 1]), [requests + 1]. */
  readonly offsets: RawArray<'i32'>;
  /** Row of the item or entity, [samples]; null for a task about the user alone. */
  readonly candidate: RawArray<'i32'> | null;
  /** Ranking features, row by row, [samples, features]; null for a task that does not rank. */
  readonly features: RawArray<'f32'> | null;
  /** [samples] */
  readonly label: RawArray<'f32'>;
  /** [samples] */
  readonly weight: RawArray<'f32'>;
}

export interface PreparedData {
  readonly folder: string;
  readonly manifest: Manifest;
  readonly items: readonly FieldArrays[];
  /** The numbers of the items, row by row, [items, numbers]; null without any. */
  readonly itemNumbers: RawArray<'f32'> | null;
  /** Entity -> its fields. */
  readonly entities: Readonly<Record<string, readonly FieldArrays<EntityField>[]>>;
  /** Entity -> its numbers, row by row, [rows, numbers]; null without any. */
  readonly entityNumbers: Readonly<Record<string, RawArray<'f32'> | null>>;
  /** Oldest first. */
  readonly segments: readonly StreamSegment[];
  readonly requests: RequestArrays;
  readonly tasks: Readonly<Record<string, TaskArrays>>;
  close(): void;
}

export interface OpenOptions {
  /** Files of at most this many bytes are kept in memory once read; the fields and numbers of items always are. */
  readonly loadBelowBytes?: number;
}

/** @throws UserError when a file of the folder is missing or has another size. */
export function openPrepared(folder: string, options: OpenOptions = {}): PreparedData {
  const found = readManifest(folder);
  if (!found) throw new UserError(`Cannot read ${folder}: expected prepared data, got none`);
  const manifest: Manifest = found;
  const opened: { close(): void }[] = [];
  const close = () => {
    for (const array of opened) array.close();
  };

  function open<E extends ElementType>(path: string, type: E): RawArray<E> {
    const array = new RawArray(join(folder, path), type, {
      ...manifest.files[path],
      loadBelowBytes: options.loadBelowBytes ?? LOAD_BELOW_BYTES,
    });
    opened.push(array);
    return array;
  }
  const openNumbers = (numbers: readonly NumberManifest[], path: string) =>
    numbers.length === 0 ? null : open(path, 'f32');

  try {
    return {
      folder,
      manifest,
      items: manifest.fields.item.map((field) => ({
        field,
        values: open(preparedPaths.itemField(field.name), 'i32'),
        offsets: field.multiValued ? open(preparedPaths.itemFieldOffsets(field.name), 'i32') : null,
      })),
      itemNumbers: openNumbers(manifest.fields.itemNumbers, preparedPaths.itemNumbers),
      entities: mapValues(manifest.entities, ({ fields }, entity) =>
        fields.map((field) => ({
          field,
          values: open(preparedPaths.entityField(entity, field.name), 'i32'),
          offsets: field.multiValued
            ? open(preparedPaths.entityFieldOffsets(entity, field.name), 'i32')
            : null,
        })),
      ),
      entityNumbers: mapValues(manifest.entities, ({ numbers }, entity) =>
        openNumbers(numbers, preparedPaths.entityNumbers(entity)),
      ),
      segments: manifest.segments.map((segment) => ({
        offsets: open(preparedPaths.streamOffsets(segment), 'i32'),
        items: open(preparedPaths.streamItems(segment), 'i32'),
        properties: open(preparedPaths.streamProperties(segment), 'u16'),
        times: open(preparedPaths.streamTimes(segment), 'u32'),
      })),
      requests: {
        user: open(preparedPaths.requestUser, 'i32'),
        time: open(preparedPaths.requestTime, 'u32'),
        end: open(preparedPaths.requestEnd, 'i32'),
        fields: Object.fromEntries(
          manifest.fields.user.map(({ name }) => [name, open(preparedPaths.requestUserField(name), 'i32')]),
        ),
        query: manifest.fields.query && {
          values: open(preparedPaths.requestQuery, 'i32'),
          offsets: open(preparedPaths.requestQueryOffsets, 'i32'),
        },
      },
      tasks: Object.fromEntries(
        Object.entries(manifest.tasks).map(([task, { candidate, features }]) => [
          task,
          {
            offsets: open(preparedPaths.sampleOffsets(task), 'i32'),
            candidate: candidate === null ? null : open(preparedPaths.sampleCandidates(task), 'i32'),
            features: features.length === 0 ? null : open(preparedPaths.sampleFeatures(task), 'f32'),
            label: open(preparedPaths.sampleLabels(task), 'f32'),
            weight: open(preparedPaths.sampleWeights(task), 'f32'),
          },
        ]),
      ),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** Requests [start, end) of a part of the split: requests are stored in its order. */
export function splitRange(manifest: Manifest, split: Split): readonly [start: number, end: number] {
  const earlier = SPLITS.slice(0, SPLITS.indexOf(split));
  const start = earlier.reduce((sum, part) => sum + manifest.requestsBySplit[part], 0);
  return [start, start + manifest.requestsBySplit[split]];
}
