/** Measures a run and another one on the samples that both have. */
import { resolve } from 'node:path';
import type { Progress } from '../common/context.js';
import { UserError } from '../common/errors.js';
import { mapValues } from '../common/map-values.js';
import type { Config } from '../config/schema.js';
import type { PreparedData } from '../dataset/prepared.js';
import type { Against } from '../evaluation/against.js';
import {
  type Evaluated,
  type EvaluateOptions,
  Evaluator,
  type MeasuredTask,
} from '../evaluation/evaluate.js';
import { measuredRequests, openMeasured } from '../evaluation/measured.js';
import { pairedMetrics } from '../evaluation/paired.js';
import { findSameSamples, type SameSamples, type SameSamplesInput } from '../evaluation/same-samples.js';
import { numberUsers } from '../evaluation/user-numbers.js';
import type { ScoredSamples } from '../model/score-batches.js';
import { modelShape } from '../model/shape.js';
import type { Prepared } from './require-prepared.js';
import { openScoredRun, type ScoredRun } from './scored-run.js';

export interface OtherRun {
  readonly folder: string;
  /** What it was trained with. */
  readonly config: Config;
  readonly prepared: Prepared;
}

export interface ThisRun {
  readonly run: ScoredRun;
  readonly data: PreparedData;
  readonly options: EvaluateOptions;
  readonly measured: Evaluated;
  readonly limits: SameSamplesInput['limits'];
  readonly progress: Progress;
}

/** @throws UserError when the runs have no task in common, and as `openScoredRun` */
export async function compareWith(other: OtherRun, mine: ThisRun): Promise<Against> {
  const { data, options, measured } = mine;
  const run = await openScoredRun(other.config, other.prepared, other.folder);
  const same = new Map<string, SameSamples>();
  let otherData: PreparedData | null = null;
  try {
    otherData = openMeasured(other.prepared.folder);
    const shared = sharedTasks(other, options.tasks);
    const { folder, limits } = { folder: options.folder, limits: mine.limits };
    const isSameData = resolve(other.prepared.folder) === resolve(data.folder);
    for (const task of isSameData ? [] : shared) {
      same.set(task, await findSameSamples({ prepared: data, other: otherData, task, folder, limits }));
    }
    const tasks = Object.fromEntries(
      shared.map((task) => {
        const of = measured.tasks[task]!.samples;
        return [task, { samples: same.get(task)?.samples ?? of, of }];
      }),
    );
    const all = Object.values(tasks).every(({ samples, of }) => samples === of);
    const onSame = optionsOn(mine, shared, same);
    const total = Object.values(tasks).reduce((sum, { samples }) => sum + samples, 0);
    const ofOther = await measure(run, {
      ...{ options: { ...onSame, name: 'other' }, total, progress: mine.progress },
      choose: (scored) => same.get(scored.task)?.ofOther(scored) ?? scored,
    });
    const ofThis = all
      ? measured
      : await measure(mine.run, {
          ...{ options: { ...onSame, name: 'same' }, total, progress: mine.progress },
          choose: (scored) => same.get(scored.task)!.ofThis(scored),
        });
    return { run: other.folder, step: run.state.step, tasks, metrics: pairedMetrics(ofThis, ofOther) };
  } finally {
    for (const samples of same.values()) samples.close();
    otherData?.close();
    run.close();
  }
}

/** Those of `tasks` that the other run has too, of one kind. @throws UserError when there is none */
export function sharedTasks(
  { config, prepared, folder }: OtherRun,
  tasks: Readonly<Record<string, Pick<MeasuredTask, 'kind' | 'outputs'>>>,
): string[] {
  const theirs = modelShape(config, prepared.manifest).tasks;
  const shared = Object.entries(tasks).flatMap(([task, { kind, outputs }]) =>
    theirs[task]?.kind === kind && theirs[task].outputs === outputs ? [task] : [],
  );
  if (shared.length > 0) return shared;
  throw new UserError(
    `Cannot compare with ${folder}: required a task of this run (${Object.keys(tasks).join(', ')}), got ${Object.keys(theirs).join(', ')}`,
  );
}

function optionsOn(
  { data, options }: ThisRun,
  shared: readonly string[],
  same: ReadonlyMap<string, SameSamples>,
): Omit<EvaluateOptions, 'name'> {
  const [start, end] = measuredRequests(data.manifest);
  const users = data.requests.user.read(start, end);
  const tasks = Object.fromEntries(shared.map((task) => [task, options.tasks[task]!]));
  return {
    ...options,
    tasks: mapValues(tasks, (measured, task) => {
      const samples = same.get(task);
      return {
        ...measured,
        slices: null,
        users: samples ? numberUsers(start, users, samples.hasSample) : measured.users,
      };
    }),
  };
}

async function measure(
  run: ScoredRun,
  {
    options,
    total,
    choose,
    progress,
  }: {
    readonly options: EvaluateOptions;
    /** Samples that are chosen. */
    readonly total: number;
    readonly choose: (scored: ScoredSamples) => ScoredSamples;
    readonly progress: Progress;
  },
): Promise<Evaluated> {
  const evaluator = new Evaluator(options);
  const bar = progress.start(`score ${options.name}`, total);
  let done = 0;
  try {
    for await (const scored of run.samples()) {
      if (!(scored.task in options.tasks)) continue;
      const chosen = choose(scored);
      evaluator.add(chosen);
      done += chosen.label.length;
      bar.update(done);
    }
    return await evaluator.finish();
  } finally {
    bar.stop();
    evaluator.close();
  }
}
