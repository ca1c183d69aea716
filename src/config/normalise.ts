/** Fills in the defaults that depend on other keys, so that nobody after this has to know them. */
import { mapValues } from '../common/map-values.js';
import type { Config, ItemField, ParsedConfig, TaskConfig, TimeColumn } from './schema.js';

const DEFAULT_VALIDATION_USERS = 0.05;

type ParsedTime = ParsedConfig['data']['log']['time'];

/** `root` is absolute. */
export function normalise(parsed: ParsedConfig, root: string): Config {
  const { features, split, run } = parsed;
  const { items, users, ...data } = parsed.data;
  const resolveSource = <T extends { files: string | string[]; time: ParsedTime }>(source: T) => ({
    ...source,
    files: [source.files].flat(),
    time: resolveTime(source.time, data.timeZone),
  });
  const resolveTable = <T extends { files: string | string[] }>(table: T) => ({
    ...table,
    files: [table.files].flat(),
  });
  return {
    ...parsed,
    data: {
      ...data,
      root,
      log: resolveSource(data.log),
      ...(items && { items: resolveTable(items) }),
      ...(users && { users: resolveTable(users) }),
    },
    features: {
      item: mapValues(features.item, (field, name): ItemField => {
        const { pooling, ...rest } = field;
        return {
          ...rest,
          ...(field.separator !== undefined && { pooling }),
          column: field.column ?? (name === 'item' ? data.log.item : name),
          from: field.from ?? (name !== 'item' && items ? 'items' : 'log'),
        };
      }),
      properties: mapValues(features.properties, (field, name) => ({
        ...field,
        ...(field.time === undefined && { column: field.column ?? name }),
      })),
      user: mapValues(features.user, (field, name) => ({ ...field, column: field.column ?? name })),
    },
    split: {
      ...split,
      ...(split.validationLastDays === undefined && {
        validationUsers: split.validationUsers ?? DEFAULT_VALIDATION_USERS,
      }),
    },
    tasks: mapValues(parsed.tasks, (task): TaskConfig => {
      switch (task.kind) {
        case 'binary': {
          const candidate = task.samples.candidate ?? data.log.item;
          return { ...task, samples: { ...resolveSource(task.samples), candidate } };
        }
        case 'multiclass':
          return { ...task, samples: resolveSource(task.samples) };
      }
    }),
    run: { ...run, name: run.name ?? parsed.name },
  };
}

function resolveTime(time: ParsedTime, timeZone: string): TimeColumn {
  if (typeof time === 'string') return { columns: [time], format: 'auto', timeZone };
  return {
    columns: time.columns ?? [time.column].filter((column) => column !== undefined),
    format: time.format,
    timeZone: time.timeZone ?? timeZone,
  };
}
