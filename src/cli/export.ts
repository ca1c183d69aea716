/** `dupn export`: a trained model as one folder that can be used without its data. */
import { Command } from 'commander';
import type { Io } from './io.js';
import { type ConfigOptions, type Report, readConfig, runCommand, withConfigOptions } from './session.js';

interface Options extends ConfigOptions {
  readonly run?: string;
  readonly out: string;
}

export function exportCommand(io: Io): Command {
  const command = withConfigOptions(new Command('export'));
  return command
    .description('write a trained model as a bundle, for predict, embed and serving')
    .requiredOption('--out <folder>', 'where it goes')
    .option('--run <run>', 'folder or name of the run; by default that of the config')
    .action((options: Options) =>
      runCommand(options, io, async ({ context }) => {
        const config = await readConfig(options, io);
        const { requirePrepared } = await import('./require-prepared.js');
        const prepared = await requirePrepared(config, {
          action: 'export',
          configFile: options.config,
          logger: context.logger,
        });
        const { withDatabase } = await import('../delivery/database.js');
        const { openRunModel } = await import('./open-run-model.js');
        const { writeBundle } = await import('../delivery/write-bundle.js');
        return withDatabase(async (connection): Promise<Report> => {
          const run = await openRunModel(connection, config, prepared, options.run);
          try {
            const { out: folder, force = false } = options;
            const written = await writeBundle(connection, { ...run, folder, force });
            const { requests, samples } = written.golden;
            const lines = [
              `${(written.bytes / 2 ** 20).toFixed(1)} MiB, ${requests} golden requests with ${samples} predictions`,
              `bundle: ${folder}`,
            ];
            return { json: written, text: lines.join('\n') };
          } finally {
            run.close();
          }
        });
      }),
    );
}
