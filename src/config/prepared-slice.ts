/** The part of the config that preprocess reads: what prepared data is compared with before it is used. */
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { mapValues } from '../common/map-values.js';
import type { Config, QueryConfig } from './schema.js';

/**
 * Without where data.root lies on this machine, without what only limits the work (memory, threads, rejects), and
 * without all that is of the model, its training, its evaluation and its run.
 */
export function preparedSlice(config: Config): object {
  const { maxRejectRatio, root, ...data } = config.data;
  const { item, itemNumbers, properties, user, query, ranking } = config.features;
  return {
    data,
    features: {
      item: mapValues(item, ({ size, pooling, ...rest }) => rest),
      itemNumbers,
      properties: mapValues(properties, ({ size, ...rest }) => rest),
      user: mapValues(user, ({ size, ...rest }) => rest),
      ...(query && { query: withoutUnits(query) }),
      ...(ranking && { ranking }),
    },
    // The order of fields decides the numbers of item rows and property codes, that of numbers their places in a row,
    // that of tasks whose sample says what a shared request is; that of other maps means nothing.
    fieldOrder: {
      item: Object.keys(item),
      itemNumbers: Object.keys(itemNumbers),
      properties: Object.keys(properties),
      user: Object.keys(user),
      entities: mapValues(config.entities, ({ fields }) => Object.keys(fields)),
      entityNumbers: mapValues(config.entities, ({ numbers }) => Object.keys(numbers)),
      tasks: Object.keys(config.tasks),
    },
    entities: mapValues(config.entities, ({ units, fields, ...entity }) => ({
      ...entity,
      fields: mapValues(fields, ({ size, pooling, ...rest }) => rest),
    })),
    split: config.split,
    tasks: mapValues(config.tasks, (task) => {
      const { kind, samples, labels, trainFrom } = task;
      return {
        kind,
        ...(kind === 'multiclass' ? { classes: task.classes } : { candidate: task.candidate }),
        samples,
        labels,
        trainFrom,
      };
    }),
  };
}

/** A field without what the model alone reads. */
function withoutUnits({ size, pooling, ...rest }: QueryConfig): object {
  return rest;
}

/** sha256, the same for the same settings in whatever order they stand. */
export function preparedHash(slice: object): string {
  return createHash('sha256').update(canonicalJson(slice)).digest('hex');
}

/** Each setting that differs between two slices, as `key: was <a>, now <b>`; empty when they agree. */
export function describeDifference(was: unknown, now: unknown): string[] {
  return differences(plain(was), plain(now), []);
}

function differences(was: unknown, now: unknown, path: readonly string[]): string[] {
  if (isDeepStrictEqual(was, now)) return [];
  if (!isMap(was) || !isMap(now)) return [`${path.join('.')}: was ${show(was)}, now ${show(now)}`];
  const names = [...new Set([...Object.keys(was), ...Object.keys(now)])].sort();
  return names.flatMap((name) => differences(was[name], now[name], [...path, name]));
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner) =>
    isMap(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );
}

/** What is left of a value in JSON: keys without a value are gone. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null));
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  return value === undefined ? 'not set' : JSON.stringify(value);
}
