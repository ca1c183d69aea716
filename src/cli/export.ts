/** `dupn export`: a trained model as a folder that can be used without its data. */
import { Command } from 'commander';
import type { Io } from './io.js';
import { type ConfigOptions, readConfig, runCommand, withConfigOptions } from './session.js';

interface Options extends ConfigOptions {
  readonly run?: string;
  readonly out: string;
  readonly format: 'bundle' | 'onnx';
}

export function exportCommand(io: Io): Command {
  const command = withConfigOptions(new Command('export'));
  return command
    .description('write a trained model as a folder that needs nothing else')
    .requiredOption('--out <folder>', 'where it goes')
    .addOption(
      command
        .createOption(
          '--format <format>',
          'bundle: for predict, embed and serving; onnx: graphs for other runtimes',
        )
        .choices(['bundle', 'onnx'])
        .default('bundle'),
    )
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
        const { exportRun } = await import('./export-run.js');
        const { format, out: folder, force = false, run } = options;
        const { bytes, golden } = await exportRun(
          config,
          prepared,
          { format, folder, force, run },
          context.progress,
        );
        const size = `${(bytes / 2 ** 20).toFixed(1)} MiB`;
        const text = `${size}, ${golden.requests} golden requests with ${golden.samples} predictions\n${format}: ${folder}`;
        return { json: { format, folder, bytes, golden }, text };
      }),
    );
}
