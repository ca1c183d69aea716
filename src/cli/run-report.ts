/** Gathers what the page of a run shows, and writes it. */
import { basename, join, resolve } from 'node:path';
import type { Progress } from '../common/context.js';
import { during } from '../common/during.js';
import { mapValues } from '../common/map-values.js';
import { SPLITS, type Split } from '../common/prepared.js';
import { renderConfig } from '../config/render.js';
import type { Config } from '../config/schema.js';
import { gatherInsight } from '../evaluation/insight/gather-insight.js';
import { profileData } from '../evaluation/profile-data.js';
import type { SavedEvaluation } from '../evaluation/saved-evaluation.js';
import { RUN_REPORT_FORMAT, type RunReport } from '../report/run-report.js';
import { runReportPaths, writeRunReport } from '../report/write-run-report.js';
import { readLearningCurves } from '../training/learning-curves.js';
import type { Prepared } from './require-prepared.js';
import type { ScoredRun } from './scored-run.js';
import { version } from './version.js';

export interface ReportInput {
  readonly config: Config;
  readonly prepared: Prepared;
  readonly run: ScoredRun;
  readonly evaluation: SavedEvaluation;
  readonly progress: Progress;
}

/** The file of the page. */
export async function reportRun(input: ReportInput): Promise<string> {
  const report = await gatherReport(input);
  await during(input.progress, 'report', () => writeRunReport(input.evaluation.run, report));
  return join(input.evaluation.run, runReportPaths.page);
}

async function gatherReport(input: ReportInput): Promise<RunReport> {
  const { config, prepared, run, evaluation, progress } = input;
  const { manifest, folder: preparedFolder } = prepared;
  const { timeZone } = config.data;
  const { users, events, items, firstEvent, lastEvent, evaluationFrom, evaluationTo, tasks } = manifest;
  const { maxEvents } = config.model;
  return {
    format: RUN_REPORT_FORMAT,
    name: basename(resolve(evaluation.run)),
    data: {
      prepared: preparedFolder,
      ...{ users, events, items, firstEvent, lastEvent, evaluationFrom, evaluationTo, timeZone },
      kinds: mapValues(evaluation.tasks, (_, task) => tasks[task]!.kind),
      samples: mapValues(evaluation.tasks, (_, task) => {
        const counted = SPLITS.map((split) => [split, sumOf(tasks[task]!.counts[split])]);
        return Object.fromEntries(counted) as Record<Split, number>;
      }),
    },
    evaluation,
    learning: await readLearningCurves(evaluation.run),
    insight: await gatherInsight(
      run.weights,
      { preparedFolder, plans: run.plans, seed: config.eval.bootstrapSeed },
      progress,
    ),
    profile: await profileData({ preparedFolder, timeZone, maxEvents }, progress),
    made: { version: version(), at: new Date().toISOString(), config: renderConfig(config) },
  };
}

const sumOf = (counts: Readonly<Record<string, number>>) =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);
