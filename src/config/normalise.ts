/** Fills in the defaults that depend on other keys, so that nobody after this has to know them. */
import { mapValues } from '../common/map-values.js';
import type {
  Config,
  EntityConfig,
  EntityField,
  ItemField,
  ModelConfig,
  NumberField,
  ParsedConfig,
  RankingConfig,
  TaskConfig,
  TimeColumn,
} from './schema.js';

export const DEFAULT_VALIDATION_USERS = 0.05;

/** What a preset gives the keys of the model that are not set. */
const PRESETS: Readonly<Record<ModelConfig['preset'], Pick<ModelConfig, 'latest' | 'matches'>>> = {
  paper: { latest: [], matches: false },
  direct: { latest: [1, 100], matches: true },
};

type JudgingTask = Exclude<ParsedConfig['tasks'][string], { kind: 'multiclass' }>;
type ParsedRanking = NonNullable<ParsedConfig['features']['ranking']>;
type ParsedTime = ParsedConfig['data']['log']['time'];

/** `root` is absolute. */
export function normalise(parsed: ParsedConfig, root: string): Config {
  const { features, entities, split, run } = parsed;
  const { items, users, ...data } = parsed.data;
  const resolveSource = <T extends { files: string | string[]; time: ParsedTime }>(source: T) => ({
    ...source,
    files: [source.files].flat(),
    time: resolveTime(source.time, data.timeZone),
  });
  const fromOr = (from: 'items' | 'log' | undefined) => from ?? (items ? 'items' : 'log');
  const resolveRanking = ({ predictedCtr, ...ranking }: ParsedRanking): RankingConfig => ({
    ...ranking,
    ...(ranking.price !== undefined && { priceFrom: fromOr(ranking.priceFrom) }),
    ...(predictedCtr && { predictedCtr: resolveSource(predictedCtr) }),
  });
  const candidateOf = ({ candidate, samples }: JudgingTask) =>
    samples
      ? (samples.candidate ?? (candidate === 'item' ? data.log.item : idOf(entities[candidate], candidate)))
      : 'candidate';
  /** Samples that are worked out of the log have the columns of a table without files, whatever those of the log are called. */
  const derived = {
    files: [],
    format: 'auto' as const,
    quote: '"',
    user: 'user',
    time: resolveTime(data.log.time, data.timeZone),
    label: 'label',
    weightBy: {},
    keep: [],
  };
  const sourceOf = <T extends { files: string | string[]; time: ParsedTime }>(samples: T | undefined) =>
    samples ? resolveSource(samples) : derived;
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
      itemNumbers: mapValues(features.itemNumbers, withColumn),
      properties: mapValues(features.properties, (field, name) => ({
        ...field,
        ...(field.time === undefined && { column: field.column ?? name }),
      })),
      user: mapValues(features.user, (field, name) => ({ ...field, column: field.column ?? name })),
      ...(features.query && { query: features.query }),
      ...(features.ranking && { ranking: resolveRanking(features.ranking) }),
    },
    entities: mapValues(entities, (entity, name) =>
      normaliseEntity(entity, name, Object.keys(features.item)),
    ),
    split: {
      ...split,
      ...(split.validationLastDays === undefined && {
        validationUsers: split.validationUsers ?? DEFAULT_VALIDATION_USERS,
      }),
    },
    tasks: mapValues(parsed.tasks, (task): TaskConfig => {
      switch (task.kind) {
        case 'binary':
          return { ...task, samples: { ...sourceOf(task.samples), candidate: candidateOf(task) } };
        case 'rank':
          return {
            ...task,
            samples: { features: [], ...sourceOf(task.samples), candidate: candidateOf(task) },
          };
        case 'multiclass': {
          const { labels, ...rest } = task;
          return {
            ...rest,
            samples: sourceOf(task.samples),
            ...(labels && {
              labels: { ...labels, level: { ...labels.level, from: fromOr(labels.level.from) } },
            }),
          };
        }
      }
    }),
    model: resolveModel(parsed.model),
    run: { ...run, name: run.name ?? parsed.name },
  };
}

function resolveModel({ latest, matches, ...model }: ParsedConfig['model']): ModelConfig {
  const preset = PRESETS[model.preset];
  return { ...model, latest: latest ?? preset.latest, matches: matches ?? preset.matches };
}

function resolveTable<T extends { files: string | string[] }>(table: T) {
  return { ...table, files: [table.files].flat() };
}

const idOf = (entity: { readonly id?: string | undefined } | undefined, name: string) =>
  entity?.id ?? `${name}_id`;

function withColumn(number: ParsedConfig['features']['itemNumbers'][string], name: string): NumberField {
  return { ...number, column: number.column ?? name };
}

function normaliseEntity(
  { table, fields, numbers, ...entity }: ParsedConfig['entities'][string],
  name: string,
  itemFields: readonly string[],
): EntityConfig {
  const id = idOf(entity, name);
  return {
    ...entity,
    id,
    ...(table && { table: resolveTable(table) }),
    fields: mapValues(fields, ({ pooling, ...field }, fieldName): EntityField => {
      const shares = field.shares ?? (itemFields.includes(fieldName) ? fieldName : undefined);
      return {
        ...field,
        ...(shares !== undefined && { shares }),
        ...(field.separator !== undefined && { pooling }),
        column: field.column ?? (fieldName === name ? id : fieldName),
      };
    }),
    numbers: mapValues(numbers, withColumn),
  };
}

function resolveTime(time: ParsedTime, timeZone: string): TimeColumn {
  if (typeof time === 'string') return { columns: [time], format: 'auto', timeZone };
  return {
    columns: time.columns ?? [time.column].filter((column) => column !== undefined),
    format: time.format,
    timeZone: time.timeZone ?? timeZone,
    ...(time.year !== undefined && { year: time.year }),
  };
}
