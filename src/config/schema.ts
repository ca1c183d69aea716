/**
 * The YAML that drives every command: the only home of its keys, defaults and descriptions.
 * configs/schema.json, docs/configuration.md and `--help` are generated from here.
 */
import { z } from 'zod';
import {
  data,
  date,
  fileSafeName,
  folderName,
  judgedSamples,
  path,
  positiveInt,
  rankingSamples,
  userSamples,
} from './schema-data.js';
import { entity } from './schema-entities.js';
import {
  itemField,
  numberField,
  propertyField,
  queryWords,
  rankingFeatures,
  userField,
} from './schema-features.js';
import { candidateLabels, levelLabels } from './schema-labels.js';
import { spark } from './schema-spark.js';

const tower = z.strictObject({
  layers: z.array(positiveInt).default([128, 64]).describe('Units of the hidden layers (ReLU)'),
  dropout: z
    .number()
    .min(0)
    .lt(1)
    .default(0.2)
    .describe('Share of the units of each hidden layer that a training step drops'),
  l2: z
    .number()
    .nonnegative()
    .optional()
    .describe('L2 penalty of the weights of the tower; by default train.l2'),
  batchNormalisation: z
    .boolean()
    .default(false)
    .describe(
      'Normalise the hidden layers: by the batch in training, by moving statistics otherwise; those of sampled data are not those met online (dupn train --recalibrate-bn)',
    ),
});

const anyTask = {
  trainFrom: date.optional().describe('Training and validation samples before this are left out'),
  weight: z.number().positive().default(1).describe("Factor of the task's mean loss in the total loss"),
  tower: tower.prefault({}),
};

const classWeights = z
  .array(z.number().positive())
  .min(2)
  .optional()
  .describe('Factor of the loss of a training sample by its label, 0 first; by default 1 each');

const textOrNone = z
  .enum(['text', 'none'])
  .default('none')
  .describe('What the attention is asked with: the words of the query, or nothing');

const binaryTask = z.strictObject({
  kind: z.literal('binary').describe('A yes or no about a candidate: log loss'),
  candidate: fileSafeName.default('item').describe('What is judged: item, or one of entities'),
  query: z
    .enum(['text', 'candidate', 'none'])
    .default('none')
    .describe(
      'What the attention is asked with: the words of the query, the item vector of the candidate (an item), or nothing',
    ),
  samples: judgedSamples.optional(),
  labels: candidateLabels
    .optional()
    .describe('Labels from the log: of the rows of samples, or beside requests that are placed in the log'),
  classWeights,
  ...anyTask,
});

const rankTask = z.strictObject({
  kind: z
    .literal('rank')
    .describe('Learning to rank: s = weight(rep)^T r over ranking features r of a candidate, log loss'),
  candidate: fileSafeName.default('item').describe('What is ranked: item, or one of entities'),
  query: textOrNone,
  samples: rankingSamples.optional(),
  labels: candidateLabels
    .optional()
    .describe('Labels from the log: of the rows of samples, or beside requests that are placed in the log'),
  classWeights,
  ...anyTask,
});

const multiclassTask = z.strictObject({
  kind: z.literal('multiclass').describe('One of several classes, about the user alone: softmax'),
  classes: z.int().min(2).max(10_000).describe('Number of classes; the labels are 0 .. classes - 1'),
  query: textOrNone,
  samples: userSamples.optional(),
  labels: levelLabels
    .optional()
    .describe('Labels from the log: of the rows of samples, or of requests that are placed in the log'),
  classWeights,
  ...anyTask,
});

export const configSchema = z.strictObject({
  name: folderName.describe(
    'Names the prepared data (`prepared/<name>`) and, unless run.name is set, the run (`runs/<name>`)',
  ),

  data,

  features: z
    .strictObject({
      item: z
        .record(fileSafeName, itemField)
        .refine((fields) => 'item' in fields, 'a field named `item` (the item id)')
        .describe('The fields of the item vector e_t, in order; `item` is the item id'),
      itemNumbers: z
        .record(fileSafeName, numberField)
        .default({})
        .describe(
          'Numeric columns of the items table, in order, each a unit of e_t after the embeddings: normalised by mean and deviation of the items met before the evaluation period; a missing value becomes the mean',
        ),
      properties: z
        .record(fileSafeName, propertyField)
        .default({})
        .describe('The fields of the property vector p_t, in order'),
      user: z
        .record(fileSafeName, userField)
        .default({})
        .describe('The fields of the user vector u, in order'),
      query: queryWords.optional().describe('The words of the search query of a request'),
      ranking: rankingFeatures
        .optional()
        .describe(
          'Computes ranking features from the log as of each request, for tasks that rank items (docs/ranking-features.md)',
        ),
    })
    .describe('What the model sees of an item, of a behaviour and of a user'),

  entities: z
    .record(fileSafeName, entity)
    .default({})
    .describe('What tasks can judge besides items (shop, icon, category), by name'),

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
      validationUsers: z
        .number()
        .gt(0)
        .lt(1)
        .optional()
        .describe(
          'This share of the training users (by hash) is the validation part; 0.05 without validationLastDays',
        ),
      validationLastDays: positiveInt
        .optional()
        .describe(
          'Instead of validationUsers: the last N days of the training period are the validation part',
        ),
    })
    .describe(
      'Training, validation and evaluation; vocabularies come from the time before the evaluation period. What is added by preprocess --update is for training, but for validationUsers (0.05 without it); the rest of split is of the first preparation',
    ),

  tasks: z
    .record(fileSafeName, z.discriminatedUnion('kind', [binaryTask, rankTask, multiclassTask]))
    .describe(
      'The tasks that share the representation; preprocess takes an empty map, training needs one at least',
    ),

  preprocess: z
    .strictObject({
      folder: path
        .default('prepared')
        .describe('Prepared data goes to `<folder>/<name>`, relative to the working folder'),
      memoryLimit: z
        .string()
        .regex(/^\d+(\.\d+)?(MB|GB)$/, 'a number with MB or GB')
        .default('2GB')
        .describe('What DuckDB may use; beyond it, it works on disk'),
      threads: positiveInt.optional().describe('Threads of DuckDB; by default all cores'),
      engine: z
        .enum(['duckdb', 'spark'])
        .default('duckdb')
        .describe(
          'What reads the tables: duckdb, on this machine; spark, your Spark, which may read what this machine cannot (s3a://, hdfs://), and hands on what is kept (docs/spark.md)',
        ),
      spark: spark.prefault({}),
    })
    .prefault({})
    .describe('Where prepared data goes and what preparing it may use'),

  model: z
    .strictObject({
      preset: z
        .enum(['paper', 'direct'])
        .default('paper')
        .describe(
          'What latest and matches are where they are not set: paper, the model of the paper, without them; direct, `latest: [1, 100]` and `matches: true`, which read the history directly beside it (docs/choosing-a-model.md)',
        ),
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
      peepholes: z.boolean().default(false).describe('Let the gates of the recurrence see the cell'),
      units: positiveInt.default(128).describe('Units of the recurrent state h'),
      attentionUnits: positiveInt.default(64).describe('Units of the hidden layer of the attention'),
      latest: z
        .array(positiveInt)
        .refine((ns) => new Set(ns).size === ns.length, 'distinct numbers')
        .optional()
        .describe(
          'For each n the mean of [e;p] over the latest n events stands beside rep_s in the representation; by the preset',
        ),
      matches: z
        .boolean()
        .optional()
        .describe(
          'The towers of binary tasks read how often and how lately the history has the values of the candidate in each single-valued field that it shares with items; by the preset',
        ),
      userUnits: positiveInt.default(128).describe('Units of the user vector u'),
      candidateUnits: z
        .strictObject({ item: positiveInt.default(128).describe('Units of the vector of a candidate item') })
        .prefault({})
        .describe('Units of the dense layer over the fields of a candidate'),
      itemEmbeddings: z
        .enum(['learned', 'word2vec'])
        .default('learned')
        .describe(
          "word2vec: the embeddings of item ids come from skip-gram over the users' events before the evaluation period, scaled to embeddingDeviation, and are held fixed; those of the other item fields are learned",
        ),
      queryEmbeddings: z
        .enum(['learned', 'word2vec'])
        .default('learned')
        .describe(
          'word2vec: the embeddings of query words start from skip-gram over the queries before the evaluation period, scaled to embeddingDeviation, and learn on from there',
        ),
      word2vec: z
        .strictObject({
          window: positiveInt
            .default(5)
            .describe(
              'Events (or words of a query) to each side that an item (or a word) has to tell, at most',
            ),
          negatives: positiveInt.default(5).describe('Negatives of each pair'),
          epochs: positiveInt.default(5).describe('Passes over the events or queries'),
          learningRate: z.number().positive().default(0.025).describe('Falls evenly to nearly 0'),
          subsampling: z
            .number()
            .nonnegative()
            .default(0.001)
            .describe('Items (or words) with more than this share of all are thinned out; 0 for none'),
        })
        .prefault({})
        .describe('How word2vec learns'),
      embeddingDeviation: z
        .number()
        .positive()
        .default(1)
        .describe('Standard deviation of the initial embeddings'),
    })
    .prefault({})
    .describe('The sizes of the model'),

  train: z
    .strictObject({
      seed: z.int().nonnegative().default(1).describe('Seed of initial weights, data order and dropout'),
      tasks: z
        .array(fileSafeName)
        .min(1)
        .optional()
        .describe('The tasks that are trained and evaluated; by default all that are prepared'),
      taskWeighting: z
        .enum(['fixed', 'requests', 'uncertainty'])
        .default('fixed')
        .describe(
          "requests: the loss of a task and the learning rate of its tower go by its weight times the share of a batch's requests that have samples of it, so that with weight 1 a small task learns at the pace of a model of its own; uncertainty: each task has, beside its weight, a learned factor exp(-s), with s / 2 added to its loss (Kendall et al. 2018)",
        ),
      epochs: positiveInt.default(10).describe('Passes over the training requests at most'),
      batchRequests: positiveInt.default(256).describe('Requests of one step'),
      learningRate: z.number().positive().default(0.001).describe('Adam, for the dense weights'),
      tableLearningRate: z
        .number()
        .positive()
        .default(0.03)
        .describe('Adagrad, for the rows of the embedding tables'),
      averageDecay: z
        .number()
        .positive()
        .lt(1)
        .optional()
        .describe(
          'What is validated and kept as the best weights are moving averages of the dense ones, of which this is kept at a step: 0.99 looks back a hundred steps. Without it, the weights as they are',
        ),
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
        .describe(
          'Stop after this many validations in a row without a better one, by the AUCs of the tasks weighted by certainty (docs/metrics.md)',
        ),
      validationsPerEpoch: positiveInt
        .default(1)
        .describe('How often in an epoch the validation part is measured'),
      notFinite: z
        .enum(['stop', 'skip'])
        .default('stop')
        .describe(
          'What a step does whose loss or gradient is not a finite number: stop keeps it for dupn train --replay and ends the training, skip passes over its batch (ten in a row end it too)',
        ),
    })
    .prefault({})
    .describe('How the model is trained'),

  eval: z
    .strictObject({
      bootstrapSamples: z
        .int()
        .nonnegative()
        .default(1000)
        .describe('Resamples of the users for the intervals; 0 for none'),
      bootstrapSeed: z.int().nonnegative().default(1).describe('Seed of the resampling'),
      ndcgAt: positiveInt.default(10).describe('NDCG looks at the first so many places of a request'),
      slices: z
        .array(z.string())
        .optional()
        .describe(
          'Columns whose values the samples are sliced by (docs/metrics.md), by default all there are; [] for none',
        ),
    })
    .prefault({})
    .describe('How the model is measured'),

  distributed: z
    .strictObject({
      tables: z
        .enum(['replicated', 'sharded', 'servers'])
        .default('replicated')
        .describe(
          'Embedding tables and their optimiser slots: replicated, whole in each process that trains; sharded, row by row over all of them; servers, row by row over the parameter servers (ps) of TF_CONFIG',
        ),
      steps: z
        .enum(['synchronous', 'asynchronous'])
        .default('synchronous')
        .describe(
          'synchronous: all make one step together, of one batch. asynchronous (with tables: servers): each makes steps of its own, on batches and with updates of its own, and all meet at validations; faster where some are slower, and never twice the same',
        ),
      timeoutSeconds: positiveInt
        .default(60)
        .describe(
          'A process that has not answered for so long is taken for lost, and ends the training of all',
        ),
      startSeconds: positiveInt
        .default(300)
        .describe('How long the processes wait for each other at the start'),
    })
    .prefault({})
    .describe('Training on several machines (docs/distributed.md); what it is over says TF_CONFIG'),

  run: z
    .strictObject({
      folder: path.default('runs').describe('Runs go to `<folder>/<name>`, relative to the working folder'),
      name: folderName.optional().describe('Name of the run; by default the name of the config'),
    })
    .prefault({})
    .describe('Where a run goes'),
});

/** The file itself may extend another one. */
export const configFileSchema = configSchema.extend({
  extends: path
    .optional()
    .describe(
      'Another YAML, relative to this one, whose keys hold where this one is silent; null removes one of its keys',
    ),
});

export type ConfigInput = z.input<typeof configSchema>;
/** What the schema gives: checked and with its own defaults, before the defaults that depend on other keys. */
export type ParsedConfig = z.output<typeof configSchema>;

type Filled<T, K extends keyof T> = Omit<T, K> & { [P in K]-?: Exclude<T[P], undefined> };

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;

type ParsedSource = { files: unknown; time: unknown };
type ResolvedSource<T extends Partial<ParsedSource>> = Omit<T, keyof ParsedSource> & {
  files: string[];
} & (T extends {
    time: unknown;
  }
    ? { time: TimeColumn }
    : unknown);

/** One or several columns, joined by one space, and how to read them. */
export type TimeColumn = DeepReadonly<{
  columns: string[];
  format: string;
  timeZone: string;
  year?: number;
}>;

type ParsedData = ParsedConfig['data'];
type ParsedEntity = ParsedConfig['entities'][string];
type ParsedTask = ParsedConfig['tasks'][string];
type ParsedBinary = Extract<ParsedTask, { kind: 'binary' }>;
type ParsedRank = Extract<ParsedTask, { kind: 'rank' }>;
type ParsedMulticlass = Extract<ParsedTask, { kind: 'multiclass' }>;

export type LogConfig = DeepReadonly<ResolvedSource<ParsedData['log']>>;
export type ItemTable = DeepReadonly<ResolvedSource<NonNullable<ParsedData['items']>>>;
export type UserTable = DeepReadonly<ResolvedSource<NonNullable<ParsedData['users']>>>;
type ParsedSamples<T extends { samples?: unknown }> = NonNullable<T['samples']>;

/** Has a candidate column where the task judges a candidate, features where it ranks; no files where it is derived. */
export type SampleSource = DeepReadonly<
  ResolvedSource<ParsedSamples<ParsedMulticlass>> & {
    candidate?: string | undefined;
    features?: string[] | undefined;
  }
>;
/** How labels are derived; `positives` of tasks with a candidate, `next` and `level` of those with classes. */
export type CandidateLabels = DeepReadonly<NonNullable<ParsedBinary['labels']>>;
export type LevelLabels = DeepReadonly<
  Omit<NonNullable<ParsedMulticlass['labels']>, 'level'> & {
    level: Filled<NonNullable<ParsedMulticlass['labels']>['level'], 'from'>;
  }
>;
export type TaskConfig = DeepReadonly<
  | (Omit<ParsedBinary, 'samples'> & {
      samples: Filled<ResolvedSource<ParsedSamples<ParsedBinary>>, 'candidate'>;
    })
  | (Omit<ParsedRank, 'samples'> & {
      samples: Filled<ResolvedSource<ParsedSamples<ParsedRank>>, 'candidate'>;
    })
  | (Omit<ParsedMulticlass, 'samples' | 'labels'> & {
      samples: ResolvedSource<ParsedSamples<ParsedMulticlass>>;
      labels?: LevelLabels | undefined;
    })
>;
/** `pooling` is there for a multi-valued field only. */
export type ItemField = DeepReadonly<
  Filled<Omit<z.output<typeof itemField>, 'pooling'>, 'column' | 'from'> & { pooling?: 'mean' | 'sum' }
>;
export type NumberField = DeepReadonly<Filled<z.output<typeof numberField>, 'column'>>;
/** Has either `shares` (the item field whose vocabulary and table it uses) or `size`. */
export type EntityField = DeepReadonly<
  Filled<Omit<ParsedEntity['fields'][string], 'pooling'>, 'column'> & { pooling?: 'mean' | 'sum' }
>;
export type EntityTable = DeepReadonly<ResolvedSource<NonNullable<ParsedEntity['table']>>>;
export type EntityConfig = DeepReadonly<
  Omit<ParsedEntity, 'fields' | 'numbers' | 'table' | 'id'> & {
    id: string;
    table?: EntityTable;
    fields: Record<string, EntityField>;
    numbers: Record<string, NumberField>;
  }
>;
export type QueryConfig = DeepReadonly<NonNullable<ParsedConfig['features']['query']>>;
type ParsedRanking = NonNullable<ParsedConfig['features']['ranking']>;
type PredictionTable = DeepReadonly<ResolvedSource<NonNullable<ParsedRanking['predictedCtr']>>>;
/** `priceFrom` is there where a price is. */
export type RankingConfig = DeepReadonly<
  Omit<ParsedRanking, 'predictedCtr'> & { predictedCtr?: PredictionTable | undefined }
>;
/** Has either a column or a time. */
export type PropertyField = DeepReadonly<z.output<typeof propertyField>>;
export type UserField = DeepReadonly<Filled<z.output<typeof userField>, 'column'>>;

/** The config that every command works with: all defaults filled in (normalise.ts), all rules kept, frozen. */
export type Config = DeepReadonly<
  Omit<ParsedConfig, 'data' | 'features' | 'entities' | 'tasks' | 'model' | 'run'> & {
    data: Omit<ParsedData, 'log' | 'items' | 'users'> & {
      log: LogConfig;
      items?: ItemTable | undefined;
      users?: UserTable | undefined;
    };
    features: {
      item: Record<string, ItemField>;
      itemNumbers: Record<string, NumberField>;
      properties: Record<string, PropertyField>;
      user: Record<string, UserField>;
      query?: QueryConfig | undefined;
      ranking?: RankingConfig | undefined;
    };
    entities: Record<string, EntityConfig>;
    tasks: Record<string, TaskConfig>;
    model: Filled<ParsedConfig['model'], 'latest' | 'matches'>;
    run: Filled<ParsedConfig['run'], 'name'>;
  }
>;
export type ModelConfig = Config['model'];
export type TrainConfig = Config['train'];
export type DistributedConfig = Config['distributed'];
