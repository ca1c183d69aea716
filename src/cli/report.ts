/** `dupn report`: pages of runs and experiments, made again from what they have left, or several on one. */
import { existsSync, statSync } from 'node:fs';
import { Command } from 'commander';
import { UserError } from '../common/errors.js';
import { writeFileAtomic } from '../common/files.js';
import type { Io } from './io.js';
import { runCommand, type SharedOptions, withSharedOptions } from './session.js';

interface Options extends SharedOptions {
  readonly out: string;
}

export function reportCommand(io: Io): Command {
  return withSharedOptions(new Command('report'))
    .description('put runs, comparisons, transfers and backtests side by side on one page')
    .argument('<folders...>', 'folders of runs that are evaluated, and of experiments')
    .option('--out <file>', 'the page to write', 'report.html')
    .action((folders: string[], options: Options) =>
      runCommand(options, io, async () => {
        const { out } = options;
        if (statSync(out, { throwIfNoEntry: false })?.isDirectory()) {
          throw new UserError(
            `Cannot write ${out}: expected the name of a file, got a folder (--out names another)`,
          );
        }
        if (existsSync(out) && !options.force) {
          throw new UserError(
            `Cannot write ${out}: it exists already (--force writes over it, --out names another)`,
          );
        }
        const { readResults } = await import('./read-results.js');
        const { runs, experiments } = await readResults(folders);
        const { mergedPage } = await import('../report/merged-page.js');
        const { runPage } = await import('../report/run-page.js');
        const [first, ...others] = Object.values(runs);
        const isOneRun = first && others.length === 0 && experiments.length === 0;
        const page = isOneRun ? await runPage(first) : await mergedPage(runs, experiments);
        await writeFileAtomic(out, page);
        const shown = {
          runs: Object.keys(runs),
          experiments: experiments.map(({ kind, result }) => `${kind} ${result.name}`),
        };
        // All other text is escaped.
        const charts = page.split('<svg ').length - 1;
        return {
          json: { file: out, ...shown, charts },
          text: `${out}: ${charts === 1 ? 'one chart' : `${charts} charts`} of ${[...shown.runs, ...shown.experiments].join(', ')}`,
        };
      }),
    );
}
