/**
 * Scores without a model on the same samples: what a result is worth shows beside them. Those of tasks of several classes
 * are in class-baselines.ts; of a binary task or one that ranks:
 *
 * - item (or the entity that is judged): the candidate's smoothed rate in the training samples (rate-baseline.ts)
 * - position, itemPosition: that of its place on the page, and rate(item) rate(position) / prior; of tasks that keep
 *   a column `position`
 * - popularity: how often it came up in the log before the evaluation period
 * - seen, lastItem: how often the user has seen it before, and whether the latest behaviour was of it or of one like it
 *   (history-baselines.ts), where histories can show it
 */
import type { Progress } from '../common/context.js';
import { openDatabase } from '../common/database.js';
import { mapValues } from '../common/map-values.js';
import type { PreparedData } from '../dataset/prepared.js';
import type { PairedMetric } from './against.js';
import { type Baseline, binaryBaselines } from './binary-baselines.js';
import type { Bootstrap } from './bootstrap.js';
import { classBaselines } from './class-baselines.js';
import { type Evaluated, Evaluator } from './evaluate.js';
import { type LeakCheck, LeakCounter } from './leak-check.js';
import { measuredRequests, usersOf } from './measured.js';
import { pairedMetrics } from './paired.js';
import type { UserNumbers } from './user-numbers.js';

/** Resamples of the baselines, at most: there are six for each task. */
const BASELINE_RESAMPLES = 256;

export interface BaselineOptions {
  readonly prepared: PreparedData;
  /** Task -> the further columns of its samples (`keep`). */
  readonly keptColumns: Readonly<Record<string, readonly string[]>>;
  /** Length of a history. */
  readonly maxEvents: number;
  readonly bootstrap: Bootstrap;
  readonly ndcgAt: number;
  /** What the model reaches on the same samples, with the same bootstrap. */
  readonly model: Pick<Evaluated, 'metrics' | 'resampled'>;
  /** For temporary files. */
  readonly folder: string;
  /** What DuckDB may use. */
  readonly limits: Parameters<typeof openDatabase>[1];
  readonly progress: Progress;
}

/** Task -> baseline -> what is known of it, by metric. */
type ByBaseline<T> = Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, T>>>>>>;

export interface Baselines {
  readonly baselines: ByBaseline<number | null>;
  /** What the model has more; of metrics that are resampled. */
  readonly differences: ByBaseline<PairedMetric | null>;
  readonly leaks: Readonly<Record<string, LeakCheck | null>>;
}

/** Rates are left out where the training samples are not of both labels. */
export async function evaluateBaselines(options: BaselineOptions): Promise<Baselines> {
  const { prepared, keptColumns, maxEvents, folder, limits, progress } = options;
  const tasks = Object.entries(keptColumns);
  const bar = progress.start('baselines', tasks.length);
  const database = await openDatabase(folder, limits);
  const { connection } = database;
  try {
    const baselines: Record<string, Record<string, Record<string, number | null>>> = {};
    const differences: Record<string, Record<string, Record<string, PairedMetric | null>>> = {};
    const leaks: Record<string, LeakCheck | null> = {};
    for (const [at, [task, kept]] of tasks.entries()) {
      const leak = new LeakCounter();
      const users = usersOf(prepared, task, measuredRequests(prepared.manifest));
      const isBinary = prepared.manifest.tasks[task]!.kind !== 'multiclass';
      const ofTask: readonly Baseline[] = isBinary
        ? await binaryBaselines({ prepared, connection, task, kept, maxEvents, leak })
        : classBaselines(prepared, task);
      baselines[task] = {};
      differences[task] = {};
      for (const baseline of ofTask) {
        bar.update(at, { task, baseline: baseline.name });
        const measured = await measure(task, users, baseline, options);
        baselines[task][baseline.name] = measured.values;
        differences[task][baseline.name] = measured.differences;
      }
      if (isBinary) leaks[task] = leak.result();
      bar.update(at + 1);
    }
    return { baselines, differences, leaks };
  } finally {
    bar.stop();
    database.close();
  }
}

/** Metrics of what is no probability. */
const OF_ORDER = /^(auc|gauc|gaucByUser|mrr|ndcg@\d+)$/;

async function measure(
  task: string,
  users: UserNumbers,
  { name, isProbability, scored }: Baseline,
  { prepared, bootstrap, ndcgAt, folder, model }: BaselineOptions,
) {
  const { kind, classes } = prepared.manifest.tasks[task]!;
  const samples = Math.min(bootstrap.samples, BASELINE_RESAMPLES);
  const evaluator = new Evaluator({
    tasks: {
      [task]: {
        kind,
        outputs: kind === 'multiclass' ? classes : 1,
        users,
        slices: null,
      },
    },
    bootstrap: { ...bootstrap, samples },
    ...{ ndcgAt, folder, name: `baseline-${name}` },
  });
  try {
    for await (const part of scored()) evaluator.add(part);
    const { metrics, resampled } = await evaluator.finish();
    const isKnown = (key: string) => isProbability || OF_ORDER.test(nameOf(key, task));
    const mine = mapValues(model.resampled, (values) => values.subarray(0, samples));
    const paired = pairedMetrics({ metrics: model.metrics, resampled: mine }, { metrics, resampled });
    const named = <T>(values: Readonly<Record<string, T>>, keep: (key: string) => boolean) =>
      Object.fromEntries(
        Object.entries(values)
          .filter(([key]) => keep(key))
          .map(([key, value]) => [nameOf(key, task), value]),
      );
    return {
      values: named(
        mapValues(metrics, (value, key) => (isKnown(key) ? value : null)),
        () => true,
      ),
      differences: named(paired, (key) => isKnown(key) && key in resampled),
    };
  } finally {
    evaluator.close();
  }
}

const nameOf = (key: string, task: string) => key.slice(0, -task.length - 2);
