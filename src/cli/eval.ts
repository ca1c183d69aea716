/** `dupn eval`: the metrics of a run on the evaluation period. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import type { Logger } from '../common/context.js';
import { UserError } from '../common/errors.js';
import type { Config } from '../config/schema.js';
import type { OtherRun } from './against-run.js';
import type { Io } from './io.js';
import { type ConfigOptions, readConfig, runCommand, withConfigOptions } from './session.js';

interface Options extends ConfigOptions {
  readonly run?: string;
  readonly against?: string;
}

export function evalCommand(io: Io): Command {
  return withConfigOptions(new Command('eval'))
    .description('measure a run on the evaluation period, per task')
    .option('--run <run>', 'folder or name of the run; by default that of the config')
    .option(
      '--against <run>',
      'folder or name of another run: what differs on the same samples, with interval and p value',
    )
    .action((options: Options) =>
      runCommand(options, io, async ({ context, width }) => {
        const config = await readConfig(options, io);
        const { requirePrepared } = await import('./require-prepared.js');
        const prepared = await requirePrepared(config, {
          action: 'evaluate',
          configFile: options.config,
          logger: context.logger,
        });
        const { evaluationText } = await import('./evaluation-text.js');
        const { evaluateRun } = await import('./evaluate-run.js');
        const { findRun } = await import('./open-run.js');
        const { reportRun } = await import('./run-report.js');
        const folder = findRun(config, options.run);
        const against = options.against
          ? await openOther(findRun(config, options.against), { folder, config, logger: context.logger })
          : null;
        let report = '';
        const result = await evaluateRun(config, prepared, folder, context, {
          against,
          look: async (run, evaluation) => {
            report = await reportRun({ config, prepared, run, evaluation, progress: context.progress });
          },
        });
        const files = `metrics: ${result.file}\npredictions: ${result.predictions}\nreport: ${report}`;
        return { json: { ...result, report }, text: `${evaluationText(result, width)}\n${files}` };
      }),
    );
}

/** Its settings are those that it was trained with; its data may lie elsewhere by now, as that of this run says. */
async function openOther(
  other: string,
  { folder, config, logger }: { readonly folder: string; readonly config: Config; readonly logger: Logger },
): Promise<OtherRun> {
  const { requirePrepared } = await import('./require-prepared.js');
  const { runPaths } = await import('../training/run-folder.js');
  const { loadConfig } = await import('../config/load.js');
  if (resolve(other) === resolve(folder)) {
    throw new UserError(`Cannot compare ${folder} with itself: name another run (--against)`);
  }
  const configFile = join(other, runPaths.config);
  if (!existsSync(configFile)) {
    const found = existsSync(other) ? 'a folder that is no run' : 'no such folder';
    throw new UserError(
      `Cannot compare with ${other}: expected the folder or the name of a trained run, got ${found}`,
    );
  }
  const trained = await loadConfig(configFile, { set: [`data.root=${config.data.root}`] });
  const prepared = await requirePrepared(trained, { action: 'compare', configFile, logger });
  return { folder: other, config: trained, prepared };
}
