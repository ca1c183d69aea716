/** `dupn validate`: checks a config, and the heads of the tables that it names. */
import { Command } from 'commander';
import type { Io } from './io.js';
import { type ConfigOptions, readConfig, runCommand, withConfigOptions } from './session.js';

export function validateCommand(io: Io): Command {
  return withConfigOptions(new Command('validate'))
    .description('check a config and the heads of its tables, and estimate what it will need')
    .action((options: ConfigOptions) =>
      runCommand(options, io, async ({ context, width }) => {
        const config = await readConfig(options, io);
        const { checkHead } = await import('../preprocess/check-head.js');
        const { describeHead } = await import('./head-text.js');
        const report = await checkHead(config, context.progress);
        const { problems } = report;
        return {
          json: report,
          text: describeHead(report, width),
          ...(problems.length > 0 && {
            failure: [`Cannot use the data of ${options.config}:`, ...problems].join('\n'),
          }),
        };
      }),
    );
}
