/** `dupn ab`: what an experiment says of its variants. */
import { Command } from 'commander';
import type { Io } from './io.js';
import { runCommand, type SharedOptions, withSharedOptions } from './session.js';

export interface AbCommandOptions extends SharedOptions {
  readonly exposures: readonly string[];
  readonly outcomes: readonly string[];
  readonly users?: string;
  readonly control?: string;
  readonly split?: string;
  readonly columns?: string;
  readonly slice?: readonly string[];
}

export function abCommand(io: Io): Command {
  const collect = (value: string, earlier: readonly string[] = []) => [...earlier, value];
  return withSharedOptions(new Command('ab'))
    .description('uplift of CTR, CVR and revenue per user of an experiment')
    .requiredOption(
      '--exposures <file>',
      'who was exposed to what: CSV, JSON lines, Parquet (repeatable)',
      collect,
    )
    .requiredOption('--outcomes <file>', 'what they did: clicks, conversions, revenue (repeatable)', collect)
    .option('--users <file>', 'columns of users to slice by')
    .option('--control <variant>', 'what the others are compared with; by default the first')
    .option('--split <name=share,...>', 'shares that the variants should have; by default equal')
    .option('--columns <name=column,...>', 'columns of other names, such as user=user_id,clicks=label')
    .option('--slice <column>', 'also for each value of a column of users or exposures (repeatable)', collect)
    .action((options: AbCommandOptions) =>
      runCommand(options, io, async ({ width }) => {
        const { abReport } = await import('./ab-report.js');
        return abReport(options, width);
      }),
    );
}
