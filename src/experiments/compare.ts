/** Goes through the runs of a comparison, and writes the tables after each, so that a part of them can be read. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from '../common/context.js';
import { UserError } from '../common/errors.js';
import { writeFileAtomic, writeJson } from '../common/files.js';
import type { Comparison } from '../config/load-comparison.js';
import { runPaths } from '../training/run-folder.js';
import { comparisonMarkdown } from './comparison-text.js';
import type { Outcome } from './outcome.js';
import { comparisonRuns, type PlannedRun } from './runs.js';
import { type ComparisonResult, summarise } from './summarise.js';

/** Paths inside the folder of a comparison. */
export const comparisonPaths = { json: 'comparison.json', markdown: 'comparison.md' } as const;

/** `perform` brings a run to its end, or finds it there. */
export async function compare(
  comparison: Comparison,
  perform: (run: PlannedRun) => Promise<Outcome>,
  { logger, progress }: Context,
): Promise<ComparisonResult> {
  const { folder, name } = comparison;
  if (existsSync(join(folder, runPaths.metrics))) {
    throw new UserError(
      `Cannot compare into ${folder}: expected a new folder or that of a comparison, got a run; ` +
        `give the comparison another name than ${name} (--set name=NAME)`,
    );
  }
  const runs = comparisonRuns(comparison);
  const outcomes = new Map<string, Outcome>();
  const bar = progress.start('compare', runs.length);
  try {
    for (const [at, run] of runs.entries()) {
      logger.info({ run: run.name, number: at + 1, of: runs.length }, 'compare');
      bar.update(at, { run: run.name });
      outcomes.set(run.name, await perform(run));
      await save(summarise(comparison, outcomes));
      bar.update(at + 1);
    }
  } finally {
    bar.stop();
  }
  return summarise(comparison, outcomes);
}

async function save(result: ComparisonResult): Promise<void> {
  await writeJson(join(result.folder, comparisonPaths.json), result);
  await writeFileAtomic(join(result.folder, comparisonPaths.markdown), comparisonMarkdown(result));
}
