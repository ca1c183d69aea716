/** The parts of the schema that say how the labels of a task are worked out of the log (docs/labels.md). */
import { z } from 'zod';
import { DURATION } from './durations.js';
import { column, fileSafeName, positiveInt, weightBy } from './schema-data.js';

const duration = z.string().regex(DURATION, 'a duration such as 90s, 30m, 12h or 7d');

const valuesByColumn = z.record(column, z.array(z.string()).min(1));

const placement = {
  requests: z
    .enum(['sessionStart', 'dayStart', 'positive'])
    .optional()
    .describe(
      'Where requests are placed, of a task without a table of samples: at the first event of a session, at the start of each local day with an event, or at each positive event',
    ),
  sessionGap: duration
    .default('30m')
    .describe('A session ends when a user does nothing for longer than this'),
  within: duration
    .optional()
    .describe(
      'The label is decided from the request until this long after it; needed unless requests are at each positive',
    ),
};

export const candidateLabels = z.strictObject({
  positives: valuesByColumn.describe(
    'Column of the log to the values of the events that make their candidate a positive (behavior: [buy])',
  ),
  ...placement,
  weightBy: weightBy
    .default({})
    .describe('Weight of a positive by columns of the log (behavior: { buy: 4 }), the highest of its events'),
  negatives: z
    .strictObject({
      by: z
        .enum(['uniform', 'popularity'])
        .default('popularity')
        .describe('Chance of a candidate: the same for all, or by its number of events'),
      within: fileSafeName
        .optional()
        .describe('Item field that a negative has in common with its positive, such as category'),
      perPositive: positiveInt.default(3).describe('Negatives drawn for each positive'),
      seed: z.int().nonnegative().default(1).describe('Seed of the draws'),
    })
    .optional()
    .describe(
      'How negatives are drawn, of a task without a table of samples; never a positive of the request',
    ),
});

export const levelLabels = z.strictObject({
  next: valuesByColumn.describe(
    'Column of the log to the values of the events of which the next one decides the label (behavior: [buy])',
  ),
  ...placement,
  level: z
    .strictObject({
      column: column.describe('Column of numbers, such as the price'),
      from: z
        .enum(['items', 'log'])
        .optional()
        .describe('The table that holds it; by default the items table if there is one, else the log'),
      within: fileSafeName
        .optional()
        .describe('Item field within whose values the levels are told apart, such as category'),
    })
    .describe(
      'The label is the level of this number among the quantiles of such events of the training period, as many as there are classes',
    ),
});
