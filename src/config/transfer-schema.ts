/** The YAML of a transfer: a base that is trained on some tasks, and a task that meets it. */
import { z } from 'zod';
import { STRATEGIES } from '../common/strategies.js';
import { experimentRun, fileSafeName, folderName, path } from './schema-data.js';

const settings = z.record(z.string(), z.unknown());

export const transferSchema = z.strictObject({
  name: folderName.describe('Its runs and its report go to `<name>` in the run.folder of the base'),
  base: path.describe('The config of the base: data, features, model and tasks; relative to this file'),
  baseRun: path
    .optional()
    .describe(
      'Folder of a trained run of the base, relative to the working folder; by default one is trained for each seed, on all tasks of the base but the new one',
    ),
  task: fileSafeName.describe('The new task: one of the base, or one under add.tasks'),
  add: settings
    .optional()
    .describe(
      'What the new task brings, as in a file that extends the base: tasks, entities, tables. Its data is prepared beside that of the base, and carries on its vocabularies and statistics',
    ),
  vocabularies: z
    .enum(['fixed', 'grow'])
    .default('grow')
    .describe(
      'With add: whether values that the base never saw stay out of the vocabularies, or get rows of their own',
    ),
  strategies: z
    .array(z.enum(STRATEGIES))
    .min(1)
    .default([...STRATEGIES])
    .describe(
      'retrain-single: the new task alone from scratch; retrain-all: all tasks from scratch; representation: a tower on the frozen representation of the base; fine-tune: the tower and the network',
    ),
  seeds: z
    .array(z.int().nonnegative())
    .min(1)
    .default([1])
    .describe('train.seed of the base and of each strategy'),
  fractions: z
    .array(z.number().gt(0).max(1))
    .min(1)
    .default([1])
    .describe(
      'Shares of the training requests of the new task that each strategy learns from, drawn by seed',
    ),
  train: settings
    .optional()
    .describe(
      'Keys of train that are other for the strategies than for the base, such as validationsPerEpoch',
    ),
  fineTune: z
    .strictObject({
      learningRateFactor: z
        .number()
        .positive()
        .max(1)
        .default(1)
        .describe('Factor of the learning rates of the weights that come from the base'),
      freeze: z
        .record(z.string(), z.union([z.number().nonnegative(), z.literal('always')]))
        .default({})
        .describe(
          'Layer -> epochs for which it does not learn, or always: a weight (`lstm/item`, `item/brand`) or what the names of several begin with (`lstm`, `attention`, `item`, `user`)',
        ),
    })
    .prefault({})
    .describe('How fine-tune treats what comes from the base'),
  run: experimentRun,
});

/** The file as it was checked. */
export type TransferFile = z.output<typeof transferSchema>;
