/** An encoding that is carried on: the vocabularies, the units of numbers and the bounds of levels of an earlier prepared folder. */
import { join } from 'node:path';
import {
  type FieldManifest,
  type Manifest,
  type NumberManifest,
  preparedPaths,
  type RankingFeature,
} from '../common/prepared.js';
import type { Config } from '../config/schema.js';
import type { FieldGroup } from './vocabulary.js';

/** The folder, and whether values that it does not know get rows of their own. */
export interface Carry {
  readonly folder: string;
  readonly vocabularies: 'fixed' | 'grow';
}

export interface Carried extends Carry {
  readonly manifest: Manifest;
  /** The folder itself goes on: with its users, its items, its log and its counts. */
  readonly isUpdate: boolean;
}

/** What an earlier folder says of the fields and numbers of a config; nothing where there is no such folder. */
export interface Encoding {
  /** Undefined for a field that is made afresh. */
  field(group: FieldGroup, at: number): FieldManifest | undefined;
  /** Where the vocabulary of such a field lies. */
  vocabularyFile(group: FieldGroup, at: number): string | undefined;
  /** Whether the vocabulary may get values. */
  grows(group: FieldGroup, at: number): boolean;
  readonly itemNumbers: readonly NumberManifest[];
  entityNumbers(entity: string): readonly NumberManifest[];
  features(task: string): readonly RankingFeature[];
  /** The file with the bounds of a task's levels; undefined where they are made afresh. */
  levelsFile(task: string): string | undefined;
}

export function encodingOf(config: Config, carried: Carried | null): Encoding {
  const manifest = carried?.manifest;
  const places = (group: FieldGroup): Place => {
    const { item, properties, user } = config.features;
    switch (group) {
      case 'item':
        return { names: Object.keys(item), path: 'item', fields: manifest?.fields.item };
      case 'property':
        return { names: Object.keys(properties), path: 'properties', fields: manifest?.fields.properties };
      case 'user':
        return { names: Object.keys(user), path: 'user', fields: manifest?.fields.user };
      case 'query': {
        const word = manifest?.fields.query;
        return { names: [QUERY_FIELD], path: 'query', fields: word ? [word] : [] };
      }
      default: {
        const [name, { fields }] = Object.entries(config.entities)[Number(group.slice('entity_'.length))]!;
        const own = manifest?.entities[name]?.fields.filter(({ shares }) => shares === undefined);
        return { names: Object.keys(fields), path: name, fields: own };
      }
    }
  };
  const field = (group: FieldGroup, at: number) => {
    const { names, fields } = places(group);
    return fields?.find(({ name }) => name === names[at]);
  };
  return {
    field,
    vocabularyFile(group, at) {
      const found = field(group, at);
      return found && join(carried!.folder, preparedPaths.vocabulary(places(group).path, found.name));
    },
    // What a property code means is fixed when its vocabularies are first made.
    grows: (group, at) => !field(group, at) || (group !== 'property' && carried!.vocabularies === 'grow'),
    itemNumbers: manifest?.fields.itemNumbers ?? [],
    entityNumbers: (entity) => manifest?.entities[entity]?.numbers ?? [],
    // The first is the constant.
    features: (task) => manifest?.tasks[task]?.features.slice(1) ?? [],
    levelsFile(task) {
      const path = preparedPaths.sampleLevels(task);
      return manifest?.files[path] && join(carried!.folder, path);
    },
  };
}

/** The name of the one field of the group `query`. */
export const QUERY_FIELD = 'word';

interface Place {
  /** Of the config's fields, in their order. */
  readonly names: readonly string[];
  /** Folder of the vocabularies. */
  readonly path: string;
  /** Those of the earlier folder. */
  readonly fields: readonly FieldManifest[] | undefined;
}
