/** The YAML of a backtest: a log day by day, as a model would have met it. */
import { z } from 'zod';
import { BACKTEST_MODELS } from '../common/backtest-models.js';
import { date, experimentRun, folderName, path, positiveInt } from './schema-data.js';

export const backtestSchema = z.strictObject({
  name: folderName.describe('Its runs and its report go to `<name>` in the run.folder of the base'),
  base: path.describe('The config of the model and its data, relative to this file'),
  from: date.describe('The first day that is measured; the models start from all days before it'),
  days: positiveInt.describe('How many days are measured'),
  models: z
    .array(z.enum(BACKTEST_MODELS))
    .min(1)
    .default([...BACKTEST_MODELS])
    .describe(
      'updated: learns each day after it was measured on it; stale: never learns again; retrained: from scratch on all days before',
    ),
  seed: z.int().nonnegative().default(1).describe('train.seed of all runs'),
  update: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('Keys of train that are other for the updates, such as epochs'),
  run: experimentRun,
});
