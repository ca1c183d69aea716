/** `dupn eval`: the metrics of a run on the evaluation period. */
import { Command } from 'commander';
import type { Io } from './io.js';
import { type ConfigOptions, readConfig, runCommand, withConfigOptions } from './session.js';

interface Options extends ConfigOptions {
  readonly run?: string;
}

export function evalCommand(io: Io): Command {
  return withConfigOptions(new Command('eval'))
    .description('measure a run on the evaluation period, per task')
    .option('--run <run>', 'folder or name of the run; by default that of the config')
    .action((options: Options) =>
      runCommand(options, io, async ({ context }) => {
        const config = await readConfig(options, io);
        const { requirePrepared } = await import('./require-prepared.js');
        const prepared = await requirePrepared(config, {
          action: 'evaluate',
          configFile: options.config,
          logger: context.logger,
        });
        const { evaluationTable } = await import('./evaluation-table.js');
        const { evaluateRun } = await import('./evaluate-run.js');
        const { findRun } = await import('./open-run.js');
        const result = await evaluateRun(config, prepared, findRun(config, options.run), context);
        return {
          json: result,
          text: `${evaluationTable(result)}\nrun: ${result.run}, metrics: ${result.file}, predictions: ${result.predictions}`,
        };
      }),
    );
}
