/**
 * The YAML that drives every command: the only home of its keys, defaults and descriptions.
 * configs/schema.json, docs/configuration.md and `--help` are generated from here.
 */
import { z } from 'zod';

const path = z.string().min(1);
const column = z.string().min(1);
const positiveInt = z.int().positive();
const fraction = z.number().min(0).max(1);

const timeColumn = z
  .union([
    column,
    z.strictObject({
      column: column.optional().describe('The column that holds the time'),
      columns: z
        .array(column)
        .min(2)
        .optional()
        .describe('Several columns (date, hour), joined by one space before `format` is applied'),
      format: z
        .string()
        .default('auto')
        .describe(
          'auto, iso, seconds, milliseconds (since 1970), or a strptime pattern such as `%Y-%m-%d %H:%M:%S`',
        ),
    }),
  ])
  .describe('The column of the time, or how to read it; a time without an offset is in data.timeZone');

const source = {
  files: z
    .union([path, z.array(path).min(1)])
    .describe(
      'A file, several, or a glob, relative to data.root; CSV, TSV, JSON lines (each also .gz), Parquet',
    ),
  format: z
    .enum(['auto', 'csv', 'tsv', 'jsonl', 'parquet'])
    .default('auto')
    .describe('auto goes by the name of the file'),
  columns: z
    .array(column)
    .min(1)
    .optional()
    .describe('Names of the columns in their order, for a CSV or TSV without a header line'),
  delimiter: z.string().length(1).optional().describe('Field separator of a CSV, if it is not the comma'),
  quote: z
    .string()
    .max(1)
    .default('"')
    .describe('Quoting character of a CSV; empty for a format that has none'),
};

const vocabulary = {
  minCount: positiveInt
    .default(1)
    .describe('A value met less often than this in the training period is out of the vocabulary'),
  maxSize: positiveInt.optional().describe('Only this many values, the most frequent ones, are kept'),
  buckets: positiveInt.default(1).describe('Values out of the vocabulary share this many rows, by hash'),
};

const itemField = z.strictObject({
  column: column
    .optional()
    .describe('Its column; by default the name of the field (for `item`, the item id)'),
  from: z
    .enum(['items', 'log'])
    .optional()
    .describe('The table that holds the column; by default the items table if there is one, else the log'),
  size: positiveInt.describe('Units of its embedding'),
  separator: z
    .string()
    .min(1)
    .optional()
    .describe('Makes the field multi-valued: what separates the values in the column'),
  pooling: z
    .enum(['mean', 'sum'])
    .default('mean')
    .describe('How the values of a multi-valued field are pooled'),
  ...vocabulary,
});

const propertyField = z.strictObject({
  column: column.optional().describe('Its column in the log; by default the name of the field'),
  time: z
    .enum(['hour', 'partOfDay', 'halfOfDay', 'dayOfWeek', 'weekend'])
    .optional()
    .describe(
      'Instead of a column: hour (24 values), partOfDay (night, morning, afternoon, evening: six hours each), halfOfDay (before noon or after), dayOfWeek (7), weekend (2); in data.timeZone',
    ),
  size: positiveInt.default(12).describe('Units of its embedding'),
  ...vocabulary,
});

const userField = z.strictObject({
  column: column.optional().describe('Its column; by default the name of the field'),
  from: z
    .enum(['users', 'request', 'lastEvent'])
    .describe(
      'users: the profile table; request: a column of the sample table; lastEvent: the latest event before the request',
    ),
  size: positiveInt.default(16).describe('Units of its embedding'),
  ...vocabulary,
});

const date = z
  .string()
  .regex(
    /^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2})?)?$/,
    'a date (2016-10-20) or a date and time (2016-10-20 08:00:00)',
  )
  .describe('A date, or a date and time, in data.timeZone');

const tower = z.strictObject({
  layers: z.array(positiveInt).default([128, 64]).describe('Units of the hidden layers (ReLU)'),
  dropout: fraction
    .default(0.2)
    .describe('Share of the units of each hidden layer that a training step drops'),
});

const samples = z.strictObject({
  ...source,
  request: column
    .optional()
    .describe('Column of the request id; by default a request is a user, a time and a query'),
  user: column.default('user_id').describe('Column of the user id'),
  time: timeColumn.default('time'),
  candidate: column
    .optional()
    .describe("Column of the candidate's id; by default the item column of the log"),
  label: column.default('label').describe('Column of the label'),
  weight: column.optional().describe('Column of the weight of a sample in the loss; 1 without it'),
  keep: z
    .array(column)
    .default([])
    .describe('Further columns to keep beside the samples, for baselines and slices (position, page)'),
});

const binaryTask = z.strictObject({
  kind: z.literal('binary').describe('A yes or no about a candidate: log loss'),
  candidate: z.enum(['item']).default('item').describe('What is judged'),
  query: z
    .enum(['candidate', 'none'])
    .default('none')
    .describe('What the attention is asked with: the item vector of the candidate, or nothing'),
  samples,
  trainFrom: date.optional().describe('Training and validation samples before this are left out'),
  weight: z.number().positive().default(1).describe("Factor of the task's mean loss in the total loss"),
  tower: tower.prefault({}),
});

export const configSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'letters, digits, dot, dash and underscore')
    .describe('Names the prepared data (prepared/<name>) and, unless run.name is set, the run (runs/<name>)'),

  data: z
    .strictObject({
      root: path
        .default('.')
        .describe(
          'Folder that files are relative to, itself relative to this YAML; the environment variable DUPN_DATA_ROOT overrides it',
        ),
      timeZone: z
        .string()
        .default('UTC')
        .describe(
          'IANA name of the zone of times without an offset, of the time fields and of the days of the split',
        ),
      maxRejectRatio: fraction
        .default(0.01)
        .describe('preprocess fails when more than this share of the rows of a table is malformed'),
      log: z
        .strictObject({
          ...source,
          user: column.default('user_id').describe('Column of the user id'),
          item: column.default('item_id').describe('Column of the item id'),
          time: timeColumn.default('time'),
          from: date.optional().describe('Events before this are filtered out'),
          to: date.optional().describe('Events from this on are filtered out'),
          keep: z
            .record(column, z.array(z.string()).min(1))
            .default({})
            .describe(
              'Column to the values that are kept (behavior: [click, buy]); other events are filtered out',
            ),
          deduplicate: z
            .boolean()
            .default(false)
            .describe('Keep the first of events that are the same in every column that the config reads'),
        })
        .describe('The behaviour log: one event per row'),
      items: z
        .strictObject({ ...source, item: column.default('item_id').describe('Column of the item id') })
        .optional()
        .describe('Attributes of items, one row per item'),
      users: z
        .strictObject({ ...source, user: column.default('user_id').describe('Column of the user id') })
        .optional()
        .describe('Profiles of users, one row per user'),
    })
    .describe('Where the data lies and how to read it'),

  features: z
    .strictObject({
      item: z
        .record(z.string(), itemField)
        .refine((fields) => 'item' in fields, 'a field named `item` (the item id)')
        .describe('The fields of the item vector e_t, in order; `item` is the item id'),
      properties: z
        .record(z.string(), propertyField)
        .default({})
        .describe('The fields of the property vector p_t, in order'),
      user: z.record(z.string(), userField).default({}).describe('The fields of the user vector u, in order'),
    })
    .describe('What the model sees of an item, of a behaviour and of a user'),

  split: z
    .strictObject({
      trainingFrom: date
        .optional()
        .describe('Requests before this are left out (their events stay as history)'),
      evaluationFrom: date.optional().describe('First moment of the evaluation period'),
      evaluationTo: date.optional().describe('End (exclusive) of the evaluation period'),
      evaluationLastDays: positiveInt
        .optional()
        .describe('Instead of evaluationFrom: the evaluation period is the last N days of the requests'),
      validationUsers: fraction
        .optional()
        .describe('This share of the training users (by hash) is the validation part'),
      validationLastDays: positiveInt
        .optional()
        .describe(
          'Instead of validationUsers: the last N days of the training period are the validation part',
        ),
    })
    .describe(
      'Training, validation and evaluation; vocabularies come from the time before the evaluation period',
    ),

  tasks: z
    .record(
      z.string().regex(/^[A-Za-z][A-Za-z0-9_-]*$/, 'a letter, then letters, digits, dash and underscore'),
      z.discriminatedUnion('kind', [binaryTask]),
    )
    .refine((tasks) => Object.keys(tasks).length > 0, 'at least one task')
    .describe('The tasks that share the representation'),

  preprocess: z
    .strictObject({
      folder: path
        .default('prepared')
        .describe('Prepared data goes to <folder>/<name>, relative to the working folder'),
      memoryLimit: z
        .string()
        .regex(/^\d+(\.\d+)?(MB|GB)$/, 'a number with MB or GB')
        .default('2GB')
        .describe('What DuckDB may use; beyond it, it works on disk'),
      threads: positiveInt.optional().describe('Threads of DuckDB; by default all cores'),
    })
    .prefault({}),

  model: z
    .strictObject({
      maxEvents: positiveInt
        .default(100)
        .describe('Length of a sequence: the latest events before the request'),
      encoder: z
        .enum(['lstm', 'mean'])
        .default('lstm')
        .describe(
          'lstm: property gated LSTM and attention; mean: the mean of [e;p] over the events, a baseline',
        ),
      variant: z
        .enum(['all', 'bplstm', 'bpatt', 'nobp'])
        .default('all')
        .describe('Where the properties go: gates and attention, gates only, attention only, nowhere'),
      units: positiveInt.default(128).describe('Units of the recurrent state h'),
      attentionUnits: positiveInt.default(64).describe('Units of the hidden layer of the attention'),
      userUnits: positiveInt.default(128).describe('Units of the user vector u'),
      candidateUnits: z
        .strictObject({ item: positiveInt.default(128).describe('Units of the vector of a candidate item') })
        .prefault({})
        .describe('Units of the dense layer over the fields of a candidate'),
      embeddingDeviation: z
        .number()
        .positive()
        .default(1)
        .describe('Standard deviation of the initial embeddings'),
    })
    .prefault({}),

  train: z
    .strictObject({
      seed: z.int().nonnegative().default(1).describe('Seed of initial weights, data order and dropout'),
      epochs: positiveInt.default(10).describe('Passes over the training requests at most'),
      batchRequests: positiveInt.default(256).describe('Requests of one step'),
      learningRate: z.number().positive().default(0.001).describe('Adam, for the dense weights'),
      tableLearningRate: z
        .number()
        .positive()
        .default(0.05)
        .describe('Adagrad, for the rows of the embedding tables'),
      clipNorm: z
        .number()
        .positive()
        .optional()
        .describe('Gradients are scaled down to this global norm (the rows of one id added up first)'),
      l2: z
        .number()
        .nonnegative()
        .default(0)
        .describe('L2 penalty of the dense weights and of the embedding rows that a batch reads'),
      patience: positiveInt
        .default(2)
        .describe('Stop after this many validations in a row without a better one'),
      validationsPerEpoch: positiveInt
        .default(1)
        .describe('How often in an epoch the validation part is measured'),
    })
    .prefault({}),

  eval: z
    .strictObject({
      bootstrapSamples: z
        .int()
        .nonnegative()
        .default(1000)
        .describe('Resamples of the users for the intervals; 0 for none'),
      bootstrapSeed: z.int().nonnegative().default(1),
    })
    .prefault({}),

  run: z
    .strictObject({
      folder: path.default('runs').describe('Runs go to <folder>/<name>, relative to the working folder'),
      name: z
        .string()
        .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'letters, digits, dot, dash and underscore')
        .optional()
        .describe('Name of the run; by default the name of the config'),
    })
    .prefault({}),
});

export type Config = z.output<typeof configSchema>;
export type ConfigInput = z.input<typeof configSchema>;
export type TaskConfig = Config['tasks'][string];
export type LogConfig = Config['data']['log'];
export type SampleSource = TaskConfig['samples'];
export type TimeColumn = z.output<typeof timeColumn>;
export type ItemField = z.output<typeof itemField>;
export type PropertyField = z.output<typeof propertyField>;
export type UserField = z.output<typeof userField>;
export type ModelConfig = Config['model'];
export type TrainConfig = Config['train'];
