/** `dupn compare`: variants of a model over seeds, trained, measured and set against each other. */
import { join } from 'node:path';
import { Command } from 'commander';
import { lockFolder } from '../common/lock.js';
import type { Io } from './io.js';
import { type ConfigOptions, runCommand, withConfigOptions } from './session.js';

export function compareCommand(io: Io): Command {
  return withConfigOptions(new Command('compare'), {
    file: 'the YAML that names a base config, its variants and the seeds',
    example: 'seeds=[1]',
  })
    .description('train and measure variants of a model over seeds, and set them against each other')
    .action((options: ConfigOptions) =>
      runCommand(options, io, async (session) => {
        const { loadComparison } = await import('../config/load-comparison.js');
        const comparison = await loadComparison(options.config, { set: options.set ?? [], env: io.env });
        const { compare, comparisonPaths } = await import('../experiments/compare.js');
        const { comparisonText } = await import('../experiments/comparison-text.js');
        const { compareRun } = await import('./compare-run.js');
        const { folder, baseFile } = comparison;
        const lock = await lockFolder(folder, 'the comparison');
        try {
          const force = options.force ?? false;
          const result = await compare(
            comparison,
            (run) => compareRun(run, { baseFile, force }, session),
            session.context,
          );
          const text = `${comparisonText(result, session.width)}\n${join(folder, comparisonPaths.markdown)}`;
          return { json: result, text };
        } finally {
          await lock.release();
        }
      }),
    );
}
