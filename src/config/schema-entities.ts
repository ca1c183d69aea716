/** The part of the schema that says what tasks can judge besides items: shops, icons, categories, ... */
import { z } from 'zod';
import { column, fileSafeName, positiveInt, table } from './schema-data.js';
import { numberField } from './schema-features.js';

const entityField = z.strictObject({
  column: column
    .optional()
    .describe(
      'Its column in the table of the entity; by default the name of the field (of the id field, `id`)',
    ),
  shares: fileSafeName
    .optional()
    .describe(
      'The item field whose vocabulary and embeddings it uses; by default the item field of its name, if there is one',
    ),
  size: positiveInt.optional().describe('Units of its embedding, of a field that shares none'),
  separator: z
    .string()
    .min(1)
    .optional()
    .describe('Makes the field multi-valued: what separates the values in the column'),
  pooling: z
    .enum(['mean', 'sum'])
    .default('mean')
    .describe('How the values of a multi-valued field are pooled'),
  minCount: positiveInt
    .default(1)
    .describe('A value met with fewer training samples than this is out of the vocabulary'),
  maxSize: positiveInt.optional().describe('Only this many values, the most frequent ones, are kept'),
  buckets: positiveInt.default(1).describe('Values out of the vocabulary share this many rows, by hash'),
});

export const entity = z
  .strictObject({
    units: positiveInt.default(128).describe('Units of the dense layer over its fields'),
    id: column.optional().describe('Column of its id in its table; by default `<entity>_id`'),
    table: z.strictObject(table).optional().describe('Its attributes, one row per id'),
    fields: z
      .record(fileSafeName, entityField)
      .describe('What the model sees of it; the field with the name of the entity is its id'),
    numbers: z
      .record(fileSafeName, numberField)
      .default({})
      .describe(
        'Numeric columns of its table, each a unit after the embeddings: normalised by mean and deviation of the entities that training samples judge; a missing value becomes the mean',
      ),
  })
  .describe('Something that a task can judge: a shop, an icon, a category');
