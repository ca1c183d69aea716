/** The parts of the schema that say which columns become the item vector e, the property vector p and the user vector u. */
import { z } from 'zod';
import { column, fileSafeName, positiveInt, table, timeColumn } from './schema-data.js';

const vocabulary = {
  minCount: positiveInt
    .default(1)
    .describe('A value met less often than this in the training period is out of the vocabulary'),
  maxSize: positiveInt.optional().describe('Only this many values, the most frequent ones, are kept'),
  buckets: positiveInt.default(1).describe('Values out of the vocabulary share this many rows, by hash'),
};

export const itemField = z.strictObject({
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

/** A number of items or of an entity: one unit of its vector. */
export const numberField = z.strictObject({
  column: column.optional().describe('Its column in the table; by default its name'),
  scale: z
    .enum(['linear', 'log'])
    .default('linear')
    .describe(
      'log: of the natural logarithm, for what spans orders of magnitude (prices, counts); values at or below 0 are missing',
    ),
});

export const propertyField = z
  .strictObject({
    column: column.optional().describe('Its column in the log; by default the name of the field'),
    time: z
      .enum(['hour', 'partOfDay', 'halfOfDay', 'dayOfWeek', 'weekend'])
      .optional()
      .describe(
        'Instead of a column: hour (24 values), partOfDay (night, morning, afternoon, evening: six hours each), halfOfDay (before noon or after), dayOfWeek (7), weekend (2); in data.timeZone',
      ),
    size: positiveInt.default(12).describe('Units of its embedding'),
    ...vocabulary,
  })
  .refine((field) => field.column === undefined || field.time === undefined, {
    error: 'a column or a time, not both',
  });

export const userField = z.strictObject({
  column: column.optional().describe('Its column; by default the name of the field'),
  from: z
    .enum(['users', 'request', 'lastEvent'])
    .describe(
      'users: the profile table; request: a column of the sample table; lastEvent: the latest event before the request',
    ),
  tasks: z
    .array(fileSafeName)
    .min(1)
    .optional()
    .describe(
      'Of a column of the request: the tasks whose sample tables have it, by default all; elsewhere it is missing',
    ),
  size: positiveInt.default(16).describe('Units of its embedding'),
  ...vocabulary,
});

/** The search query of a request, whose pooled word embedding can ask the attention. */
export const queryWords = z.strictObject({
  column: column.default('query').describe('Column of the sample tables that holds the text of the query'),
  tokens: z
    .union([
      z.enum(['whitespace', 'characters']),
      z.strictObject({
        pattern: z.string().min(1).describe('Regular expression (RE2) of one token, such as [a-z]+|[0-9]+'),
      }),
    ])
    .default('whitespace')
    .describe(
      'How the text, in lower case, becomes words: between white space, each character by itself (for languages without spaces), or what a pattern matches',
    ),
  tasks: z
    .array(fileSafeName)
    .min(1)
    .optional()
    .describe('The tasks whose sample tables have the column, by default all; elsewhere there is no query'),
  size: positiveInt.default(32).describe('Units of the embedding of a word'),
  pooling: z.enum(['mean', 'sum']).default('mean').describe('How the words of a query are pooled'),
  ...vocabulary,
});

const values = (name: string) =>
  z.array(z.string()).min(1).default([name]).describe(`Values of the behaviour column that mean ${name}`);

/** A table of predictions; the defaults read what `dupn eval` writes, whose times are in UTC. */
const predictions = z.strictObject({
  ...table,
  user: column.default('user_id').describe('Column of the user id'),
  time: timeColumn.default({ column: 'time', format: 'auto', timeZone: 'UTC' }),
  candidate: column.default('candidate').describe('Column of the item id'),
  prediction: column.default('prediction').describe('Column of the prediction, a number'),
});

/** What ranking features are computed from; the formulas are in docs/ranking-features.md. */
export const rankingFeatures = z.strictObject({
  behavior: column.default('behavior').describe('Column of the log that says what was done'),
  click: values('click'),
  favorite: values('favorite'),
  cart: values('cart'),
  buy: values('buy'),
  price: column.optional().describe('Column of the price, a number; without it there are no price features'),
  priceFrom: z
    .enum(['items', 'log'])
    .optional()
    .describe('The table that holds it; by default the items table if there is one, else the log'),
  rating: column.optional().describe('Column of the items table with the rating, a number'),
  predictedCtr: predictions
    .optional()
    .describe(
      'Predictions of a run that was trained on earlier days, such as ../runs/early/eval/predictions/ctr.parquet (relative to data.root): the feature predicted_ctr, by user, time and item',
    ),
});
