/** The YAML of a comparison: a base config, what each variant changes of it, and the seeds that all of them run with. */
import { z } from 'zod';
import { fileSafeName, folderName, path } from './schema-data.js';

export const comparisonSchema = z.strictObject({
  name: folderName.describe('Its runs and its tables go to `<name>` in the run.folder of the base'),
  base: path.describe('The config that the variants differ from, relative to this file'),
  seeds: z.array(z.int().nonnegative()).min(1).describe('train.seed of the runs of each variant'),
  variants: z
    .record(fileSafeName, z.record(z.string(), z.unknown()))
    .describe('Name -> what differs from the base, as in a file that extends it'),
  groups: z
    .record(fileSafeName, z.array(fileSafeName).min(1))
    .default({})
    .describe('Name -> variants that train different tasks, taken together as one row'),
});

/** The file as it was checked. */
export type ComparisonFile = z.output<typeof comparisonSchema>;
