/** `dupn generate`: a synthetic log with known structure. */
import { readdir } from 'node:fs/promises';
import { Command, InvalidArgumentError } from 'commander';
import { UserError } from '../common/errors.js';
import { formatTable } from '../common/table.js';
import type { GenerateOptions } from '../synthetic/options.js';
import type { Io } from './io.js';
import { runCommand, type SharedOptions, withSharedOptions } from './session.js';

type Options = SharedOptions & Partial<GenerateOptions> & { readonly out: string };

export function generateCommand(io: Io): Command {
  return withSharedOptions(new Command('generate'))
    .description('write a synthetic log of which the truth is known (docs/synthetic-log.md)')
    .requiredOption('--out <folder>', 'folder to write into')
    .option('--users <count>', 'users (default: 1000)', count)
    .option('--days <count>', 'days (default: 11)', count)
    .option('--seed <number>', 'the same seed gives the same log (default: 1)', seed)
    .option('--start <date>', 'first day, in UTC (default: 2026-01-05)', day)
    .option('--items <count>', 'items; by default 1.5 for each user', count)
    .option('--shops <count>', 'shops; by default one for 15 items', count)
    .option('--brands <count>', 'brands; by default one for 40 items', count)
    .option('--icons <count>', 'icons (default: 40)', count)
    .option(
      '--signal <number>',
      'how much what people like decides what they do: 0 not at all (default: 1)',
      signal,
    )
    .option(
      '--truth',
      'also write truth*.csv.gz: the true probability behind each label, and what people are like',
    )
    .action((options: Options) =>
      runCommand(options, io, async ({ context, width }) => {
        const { out, force, logLevel, json, ...given } = options;
        const { generateLog } = await import('../synthetic/generate.js');
        const { withDefaults } = await import('../synthetic/options.js');
        const inside = await readdir(out).catch(() => []);
        if (inside.length > 0 && !force) {
          throw new UserError(
            `Cannot generate a log: expected ${out} to be empty or new, got ${inside.length} entries (--force writes over them)`,
          );
        }
        const result = await generateLog(out, withDefaults(given), context);
        return {
          json: result,
          text: `${formatTable(['file', 'rows'], Object.entries(result.files), width)}in ${out}`,
        };
      }),
    );
}

function count(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Expected a whole number above 0.');
  return Number(text);
}

function seed(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('Expected a whole number.');
  return Number(text);
}

function signal(text: string): number {
  if (!/^\d{1,3}(\.\d{1,9})?$/.test(text)) throw new InvalidArgumentError('Expected a number, 0 or more.');
  return Number(text);
}

function day(text: string): string {
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text) && new Date(text).toJSON()?.startsWith(text);
  if (!isDay) throw new InvalidArgumentError('Expected a day such as 2026-01-05.');
  return text;
}
