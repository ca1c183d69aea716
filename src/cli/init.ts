/** `dupn init`: a config for a log, from what its head shows. */
import { existsSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { Command } from 'commander';
import { UserError } from '../common/errors.js';
import { writeFileAtomic } from '../common/files.js';
import type { Io } from './io.js';
import { runCommand, type SharedOptions, withSharedOptions } from './session.js';

interface Options extends SharedOptions {
  readonly out?: string;
  readonly samples?: string;
  readonly items?: string;
  readonly users?: string;
}

export function initCommand(io: Io): Command {
  return withSharedOptions(new Command('init'))
    .description('write a config for a log, guessed from its header and first rows')
    .argument('<log>', 'the behaviour log: CSV, TSV, JSON lines (each also .gz) or Parquet')
    .option('--samples <file>', 'labelled samples of a task')
    .option('--items <file>', 'attributes of items')
    .option('--users <file>', 'profiles of users')
    .option(
      '--out <file>',
      'the config to write; by default the name of the log with .yaml, in the working folder',
    )
    .action((log: string, options: Options) =>
      runCommand(options, io, async () => {
        const { samples, items, users, out = `${basename(log).replace(/\..*$/, '')}.yaml` } = options;
        if (existsSync(out) && !options.force) {
          throw new UserError(
            `Cannot write ${out}: it exists already (--force writes over it, --out names another)`,
          );
        }
        const { initConfig } = await import('../preprocess/init-config.js');
        const text = await initConfig({ log, samples, items, users, folder: dirname(out) });
        await writeFileAtomic(out, text);
        // The first line says what the marks are.
        const [, ...lines] = text.split('\n');
        const todos = lines.filter((line) => line.includes('TODO')).length;
        return {
          json: { file: out, todos },
          text: `${out}: look at the lines marked TODO (${todos}), then run \`dupn validate -c ${out}\``,
        };
      }),
    );
}
