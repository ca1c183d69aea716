/** `dupn preprocess`: behaviour log -> vocabularies, item table, user streams, requests and samples. */
import { Command } from 'commander';
import { formatTable } from '../common/table.js';
import type { PreprocessResult } from '../preprocess/preprocess.js';
import type { Io } from './io.js';
import { type ConfigOptions, type Report, readConfig, runCommand, withConfigOptions } from './session.js';

interface Options extends ConfigOptions {
  readonly update?: true;
}

export function preprocessCommand(io: Io): Command {
  return withConfigOptions(new Command('preprocess'))
    .description('turn the tables of the config into prepared data; what is up to date is left as it is')
    .option(
      '--update',
      'add the days of the log that follow what was prepared before, and keep the log for that',
    )
    .action((options: Options) =>
      runCommand(options, io, async ({ context, width }) => {
        const config = await readConfig(options, io);
        const { prepareFolder } = await import('./prepare-folder.js');
        const { force = false, update = false } = options;
        return report(await prepareFolder(config, { force, update, context }), width);
      }),
    );
}

function report(
  { folder, skipped, seconds, manifest, update }: PreprocessResult,
  width: number | null,
): Report {
  const { rows, users, items, requestsBySplit, tasks, firstEvent, lastEvent } = manifest;
  const peakMemoryBytes = process.resourceUsage().maxRSS * 1024;
  const tables = Object.entries(rows).map(([table, { read, kept, rejected, filtered }]) => [
    table,
    read,
    kept,
    rejected,
    filtered,
  ]);
  const labels = Object.entries(tasks).flatMap(([task, { counts, classes }]) =>
    Object.entries(counts).map(([split, byLabel]) => [
      task,
      split,
      Array.from({ length: classes }, (_, label) => byLabel[label] ?? 0).join(' / '),
    ]),
  );
  const done = skipped ? 'up to date, nothing was done' : `prepared in ${seconds.toFixed(1)} s`;
  const text = [
    formatTable(['table', 'read', 'kept', 'rejected', 'filtered'], tables, width),
    formatTable(['task', 'part', 'samples by label'], labels, width),
    `requests of all tasks: ${Object.entries(requestsBySplit)
      .map(([split, requests]) => `${requests} ${split}`)
      .join(', ')}`,
    `${users} users, ${items} item rows, events from ${firstEvent} to ${lastEvent}`,
    ...(update ? [describeUpdate(update)] : []),
    `${folder}: ${done}`,
  ];
  return {
    json: {
      folder,
      skipped,
      seconds,
      peakMemoryBytes,
      events: rows.log,
      rows,
      users,
      items,
      requests: requestsBySplit,
      tasks,
      firstEvent,
      lastEvent,
      update,
    },
    text: text.join('\n'),
  };
}

function describeUpdate({ from, to, events, users, items, grown }: NonNullable<PreprocessResult['update']>) {
  const rows = Object.entries(grown).map(([field, added]) => `${added} of ${field}`);
  return [
    `added from ${from} to ${to}: ${events} events, ${users} users, ${items} item rows`,
    `new rows of vocabularies: ${rows.join(', ') || 'none'}`,
  ].join('\n');
}
