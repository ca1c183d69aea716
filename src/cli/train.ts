/** `dupn train`: trains the model of a config on its prepared data. */
import { join } from 'node:path';
import { Command } from 'commander';
import { UserError } from '../common/errors.js';
import type { FitResult } from '../training/fit.js';
import type { Io } from './io.js';
import { type ConfigOptions, type Report, readConfig, runCommand, withConfigOptions } from './session.js';

interface Options extends ConfigOptions {
  readonly resume?: true;
}

export function trainCommand(io: Io): Command {
  return withConfigOptions(new Command('train'))
    .description('train the shared model on all configured tasks')
    .option('--resume', 'go on from the last checkpoint of the run, if there is one')
    .action((options: Options) =>
      runCommand(options, io, async ({ context, copyLogTo }) => {
        const config = await readConfig(options, io);
        if (Object.keys(config.tasks).length === 0) {
          throw new UserError(
            `Cannot train: required a task with samples under tasks, got none (${options.config})`,
          );
        }
        const { requirePrepared } = await import('./require-prepared.js');
        const { openRun } = await import('./open-run.js');
        const { runPaths } = await import('../training/run-folder.js');
        const prepared = await requirePrepared(config, {
          action: 'train',
          configFile: options.config,
          logger: context.logger,
        });
        const { fit } = await import('../training/fit.js');
        const { folder, lock } = await openRun(config, {
          resume: options.resume ?? false,
          force: options.force ?? false,
        });
        try {
          copyLogTo(join(folder, runPaths.log));
          const { manifest, folder: preparedFolder } = prepared;
          return report(folder, await fit({ config, manifest, preparedFolder, runFolder: folder, context }));
        } finally {
          await lock.release();
        }
      }),
    );
}

function report(folder: string, { state, ...rest }: FitResult): Report {
  const { step, epoch, samples, seconds, best } = state;
  const lines = [
    `${step} steps, ${epoch} epochs, ${samples} samples in ${seconds.toFixed(1)} s ` +
      `(${rest.samplesPerSecond} samples/s, ${Math.round(100 * rest.waitingShare)} % of it waiting for batches)`,
    ...(best
      ? [
          `best after ${best.epochs.toFixed(2)} epochs, validation AUC ${best.score?.toFixed(4) ?? 'not measured'}`,
        ]
      : []),
    `run: ${folder}`,
  ];
  return {
    json: { run: folder, steps: step, epochs: epoch, samples, seconds, best, ...rest },
    text: lines.join('\n'),
  };
}
