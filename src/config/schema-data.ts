/** The parts of the schema that say where a table lies and how its rows, times and dates are read. */
import { z } from 'zod';
import { suggest } from '../common/suggest.js';
import { isDate, isTimeZone } from './dates.js';

/** Of a part of a path, in bytes, on nearly every file system; and of a path on Linux. */
const MAX_PART = 255;
const MAX_PATH = 4000;

export const path = z
  .string()
  .min(1)
  .refine((text) => !text.includes('\0'), 'a path without a zero byte')
  .refine(
    (text) =>
      Buffer.byteLength(text) <= MAX_PATH &&
      text.split('/').every((part) => Buffer.byteLength(part) <= MAX_PART),
    `a path of at most ${MAX_PATH} bytes, ${MAX_PART} in each part`,
  );
export const column = z.string().min(1);
export const positiveInt = z.int().positive();
const fraction = z.number().min(0).max(1);

/** Of what becomes the name of a folder or a file (fields, tasks), with endings. */
export const fileSafeName = z
  .string()
  .regex(
    /^[A-Za-z][A-Za-z0-9_-]{0,99}$/,
    'a name of at most 100 letters, digits, dashes and underscores that starts with a letter',
  )
  // Looked up in a map, it would be there where nobody has put it.
  .refine((name) => !(name in {}), 'a name that no object of JavaScript has by itself');

/** Of prepared data and runs, which may start with a digit and hold dots. */
export const folderName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/,
    'a name of at most 100 letters, digits, dots, dashes and underscores that starts with a letter or digit',
  );

export const date = z
  .string()
  .refine(isDate, 'a date (2016-10-20) or a date and time (2016-10-20 08:00:00)')
  .describe('A date, or a date and time, in data.timeZone');

const timeZone = z.string().refine(isTimeZone, {
  error: ({ input }) =>
    `an IANA time zone such as UTC or Asia/Shanghai${suggest(String(input), Intl.supportedValuesOf('timeZone'))}`,
});

/** A strptime pattern none of whose parts says the year. */
function lacksYear(format: string): boolean {
  return format.includes('%') && !/%-?[YyGcxs]/.test(format.replaceAll('%%', ''));
}

export const timeColumn = z
  .union([
    column,
    z
      .strictObject({
        column: column.optional().describe('The column that holds the time'),
        columns: z
          .array(column)
          .min(1)
          .optional()
          .describe(
            'Instead of column: several (date, hour), joined by one space before `format` is applied',
          ),
        format: z
          .string()
          .min(1)
          .default('auto')
          .describe(
            'auto, iso, seconds, milliseconds (since 1970), or a strptime pattern such as `%Y-%m-%d %H:%M:%S`',
          ),
        year: z
          .int()
          .min(1970)
          .max(2105)
          .optional()
          .describe('The year of times that are written without one, beside a pattern such as `%m-%d`'),
        timeZone: timeZone
          .optional()
          .describe('IANA name of the zone of times without an offset; by default data.timeZone'),
      })
      .refine(({ format, year }) => year === undefined || lacksYear(format), {
        path: ['year'],
        error: 'none, or a format without a year (such as `%m-%d`) beside it',
      })
      .refine(({ format, year }) => year !== undefined || !lacksYear(format), {
        path: ['format'],
        error: 'a pattern with a year, or the key `year` beside it',
      })
      .refine((time) => (time.column === undefined) !== (time.columns === undefined), {
        error: 'one of column and columns',
      }),
  ])
  .describe('The column of the time, or how to read it');

/** Where a table lies and how its cells are told apart. */
export const table = {
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
  delimiter: z
    .string()
    .regex(/^[^\r\n]$/, 'one character')
    .optional()
    .describe('Field separator of a CSV, if it is not the comma'),
  quote: z
    .string()
    .regex(/^[^\r\n]?$/, 'one character, or an empty text')
    .default('"')
    .describe('Quoting character of a CSV; empty for a format that has none'),
};

/** Column -> value -> factor; a row's weight is the product over the columns, 1 for other values. */
export const weightBy = z.record(column, z.record(z.string(), z.number().nonnegative()));

const samples = z.strictObject({
  ...table,
  request: column
    .optional()
    .describe('Column of the request id; by default a request is a user, a time and a query'),
  user: column.default('user_id').describe('Column of the user id'),
  time: timeColumn.default('time'),
  label: column.default('label').describe('Column of the label'),
  weight: column.optional().describe('Column of the weight of a sample in the loss; 1 without it'),
  weightBy: weightBy
    .default({})
    .describe('Factor of the weight by columns of text, such as a type of sample (type: { buy: 4 })'),
  keep: z
    .array(column)
    .default([])
    .describe('Further columns to keep beside the samples, for baselines and slices (position, page)'),
});

/** Samples of a task that judges a candidate. */
const candidateSamples = samples.extend({
  candidate: column
    .optional()
    .describe(
      "Column of the candidate's id; by default the item column of the log, of another entity its id column",
    ),
});

/** Samples of a task that says yes or no to a candidate. */
export const judgedSamples = candidateSamples.extend({
  features: z
    .array(column)
    .optional()
    .describe(
      'Columns of numbers that the tower reads beside the candidate (position, price shown): known at the time of the request, normalised by mean and deviation of the training samples, an empty cell becomes the mean',
    ),
});

/** Samples of a task that weighs features of a candidate. */
export const rankingSamples = candidateSamples.extend({
  features: z
    .array(column)
    .default([])
    .describe(
      'Columns of numbers, the ranking features r: normalised by mean and deviation of the training samples, an empty cell becomes the mean; a constant is added. One with the name of a computed feature (features.ranking) takes its place',
    ),
});

/** Samples of a task about the user alone. */
export const userSamples = samples;

export const data = z
  .strictObject({
    root: path
      .default('.')
      .describe(
        'Folder that files are relative to, itself relative to this YAML; the environment variable DUPN_DATA_ROOT overrides it',
      ),
    timeZone: timeZone
      .default('UTC')
      .describe(
        'IANA name of the zone of times without an offset, of the time fields and of the days of the split',
      ),
    maxRejectRatio: fraction
      .default(0.01)
      .describe(
        'preprocess fails when more than this share of the rows of a table is malformed, or a sample that it has to reject',
      ),
    wholeNumbers: z
      .boolean()
      .optional()
      .describe(
        'Read the cells of ids and fields such as `266079.0` as `266079`, in every table: as whole numbers are written that were once held as floats; cells of several values stay as they are',
      ),
    log: z
      .strictObject({
        ...table,
        user: column.default('user_id').describe('Column of the user id'),
        item: column.default('item_id').describe('Column of the item id'),
        time: timeColumn.default('time'),
        from: date.optional().describe('Events before this are filtered out'),
        to: date
          .optional()
          .describe('Events from this on are filtered out; a later preprocess --update may add them'),
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
      .strictObject({ ...table, item: column.default('item_id').describe('Column of the item id') })
      .optional()
      .describe('Attributes of items, one row per item'),
    users: z
      .strictObject({ ...table, user: column.default('user_id').describe('Column of the user id') })
      .optional()
      .describe('Profiles of users, one row per user'),
  })
  .describe('Where the data lies and how to read it');

/** Where the runs and the report of an experiment go. */
export const experimentRun = z
  .strictObject({
    folder: path.optional().describe('Instead of the run.folder of the base'),
    name: folderName.optional().describe('Instead of name'),
  })
  .prefault({})
  .describe('Where the runs and the report go');
