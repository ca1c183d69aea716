/** `dupn show`: one user's sequence as the model sees it. */
import { Command } from 'commander';
import { UserError } from '../common/errors.js';
import type { Io } from './io.js';
import { type ConfigOptions, readConfig, runCommand, withConfigOptions } from './session.js';

interface Options extends ConfigOptions {
  readonly user: string;
  readonly at?: string;
}

export function showCommand(io: Io): Command {
  return withConfigOptions(new Command('show'))
    .description("show one user's sequence as the model sees it")
    .requiredOption('--user <id>', 'the user')
    .option(
      '--at <time>',
      'the moment that the sequence ends at, in data.timeZone; by default the end of the log',
    )
    .action((options: Options) =>
      runCommand(options, io, async ({ context }) => {
        const config = await readConfig(options, io);
        const { requirePrepared } = await import('./require-prepared.js');
        const { folder } = await requirePrepared(config, {
          action: `show user ${options.user}`,
          configFile: options.config,
          logger: context.logger,
        });
        const { isDate, toEpochSeconds } = await import('../config/dates.js');
        const { timeZone } = config.data;
        const { at } = options;
        if (at !== undefined && !isDate(at)) {
          throw new UserError(
            `Cannot show user ${options.user}: expected a date (2016-10-20) or a date and time (2016-10-20 08:00:00), got --at ${at}`,
          );
        }
        const { showUser } = await import('../dataset/show.js');
        const { describeUser } = await import('../dataset/show-text.js');
        const shown = await showUser({
          folder,
          userId: options.user,
          maxEvents: config.model.maxEvents,
          ...(at !== undefined && { at: toEpochSeconds(at, timeZone) }),
        });
        return { json: shown, text: describeUser(shown, timeZone).join('\n') };
      }),
    );
}
