/** `dupn embed`: the representation of every user at a moment, or the vectors of all items. */
import { Command } from 'commander';
import { type AskedOptions, withModelOptions } from './asked-model.js';
import type { Io } from './io.js';
import { runCommand, withSharedOptions } from './session.js';

interface Options extends AskedOptions {
  readonly out?: string;
  readonly at?: string;
  readonly items?: true;
  readonly nearest?: string;
}

export function embedCommand(io: Io): Command {
  return withSharedOptions(withModelOptions(new Command('embed')))
    .description('write the representation of every user, or the vectors of all items')
    .option('--out <file>', 'Parquet, or .npy with the ids in a CSV beside it')
    .option('--at <time>', 'the moment, in data.timeZone; by default the end of the log')
    .option('--items', 'the vectors of items instead of users')
    .option('--nearest <item>', 'show the items that are nearest to one (cosine)')
    .action((options: Options) =>
      runCommand(options, io, async ({ context, width }) => {
        const { embedFor } = await import('./embed-for.js');
        return embedFor(options, io, context, width);
      }),
    );
}
