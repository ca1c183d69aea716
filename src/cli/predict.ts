/** `dupn predict`: scores for the requests and candidates of a file or of stdin. */
import { Command } from 'commander';
import { type AskedOptions, withModelOptions } from './asked-model.js';
import type { Io } from './io.js';
import { runCommand, withSharedOptions } from './session.js';

interface Options extends AskedOptions {
  readonly in: string;
  readonly format?: 'csv' | 'tsv' | 'jsonl' | 'parquet';
  readonly out?: string;
  readonly task?: string;
}

export function predictCommand(io: Io): Command {
  const command = withSharedOptions(withModelOptions(new Command('predict')));
  return command
    .description('score requests and candidates from a file or stdin')
    .requiredOption('--in <file>', 'CSV, TSV, JSON lines (each also .gz) or Parquet; - for stdin')
    .addOption(
      command
        .createOption(
          '--format <format>',
          'of what is read; by default by the ending of its name, CSV of stdin',
        )
        .choices(['csv', 'tsv', 'jsonl', 'parquet']),
    )
    .option('--task <task>', 'what is predicted, where the model has several tasks')
    .option('--out <file>', 'CSV, JSON lines or Parquet, by its ending; by default CSV on stdout')
    .action((options: Options) =>
      runCommand(options, io, async ({ context }) => {
        const { predictRows } = await import('./predict-rows.js');
        return predictRows(options, io, context);
      }),
    );
}
