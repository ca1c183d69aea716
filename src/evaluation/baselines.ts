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
import type { PreparedData } from '../dataset/prepared.js';
import { BinaryEvaluator } from './binary-evaluator.js';
import { classBaselines } from './class-baselines.js';
import { historyScorer } from './history-baselines.js';
import { type LeakCheck, LeakCounter } from './leak-check.js';
import { measuredRequests, usersOf } from './measured.js';
import { type Chunk, measuredSamples } from './measured-samples.js';
import { countedColumns } from './rate-baseline.js';

export interface BaselineOptions {
  readonly prepared: PreparedData;
  /** Task -> the further columns of its samples (`keep`). */
  readonly keptColumns: Readonly<Record<string, readonly string[]>>;
  /** Length of a history. */
  readonly maxEvents: number;
  readonly ndcgAt: number;
  /** For temporary files. */
  readonly folder: string;
  /** What DuckDB may use. */
  readonly limits: Parameters<typeof openDatabase>[1];
  readonly progress: Progress;
}

/** Baseline -> metrics, by the names that they have in an evaluation. */
export type TaskBaselines = Readonly<Record<string, Readonly<Record<string, number | null>>>>;

export interface Baselines {
  readonly baselines: Readonly<Record<string, TaskBaselines>>;
  readonly leaks: Readonly<Record<string, LeakCheck | null>>;
}

/** Task -> baselines; rates are left out where the training samples are not of both labels. */
export async function evaluateBaselines(options: BaselineOptions): Promise<Baselines> {
  const { prepared } = options;
  const tasks = Object.entries(options.keptColumns);
  const bar = options.progress.start('baselines', tasks.length);
  try {
    const baselines: Record<string, TaskBaselines> = {};
    const leaks: Record<string, LeakCheck | null> = {};
    for (const [at, [task, kept]] of tasks.entries()) {
      bar.update(at, { task });
      if (prepared.manifest.tasks[task]!.kind === 'multiclass') {
        baselines[task] = classBaselines(prepared, task, options);
        continue;
      }
      const result = await binaryBaselines(prepared, task, kept, options);
      baselines[task] = result.baselines;
      leaks[task] = result.leak;
    }
    return { baselines, leaks };
  } finally {
    bar.stop();
  }
}

/** Metrics of what is no probability. */
const OF_ORDER = /^(auc|gauc|gaucByUser|mrr|ndcg@\d+)$/;

async function binaryBaselines(
  prepared: PreparedData,
  task: string,
  kept: readonly string[],
  { maxEvents, ndcgAt, folder, limits }: BaselineOptions,
): Promise<{ readonly baselines: TaskBaselines; readonly leak: LeakCheck | null }> {
  const { manifest } = prepared;
  const requests = measuredRequests(manifest);
  const judged = manifest.tasks[task]!.candidate!;
  const database = await openDatabase(folder, limits);
  const evaluators = new Map<string, { readonly isLogit: boolean; readonly evaluator: BinaryEvaluator }>();
  const users = usersOf(prepared, task, requests);
  const add = (name: string, isLogit: boolean, chunk: Chunk, logits: Float32Array) => {
    let baseline = evaluators.get(name);
    if (!baseline) {
      const options = { users, slices: null, bootstrap: { samples: 0, seed: 0 }, ndcgAt, folder };
      baseline = { isLogit, evaluator: new BinaryEvaluator({ ...options, name: `${task}-${name}` }) };
      evaluators.set(name, baseline);
    }
    baseline.evaluator.add({ ...chunk, task, outputs: 1, logits });
  };
  try {
    const columns = ['candidate', ...kept.filter((column) => column === 'position')];
    const counted = await countedColumns({
      connection: database.connection,
      folder: prepared.folder,
      ...{ manifest, task, columns, requests },
    });
    const scorer = historyScorer(prepared, judged, maxEvents);
    const leak = new LeakCounter();
    for (const chunk of measuredSamples(prepared, task, requests)) {
      const { prior, popularity, ...rates } = await counted.next(chunk.label.length);
      const [item, position] = [rates['rate:candidate'], rates['rate:position']];
      if (item) add(judged, true, chunk, logits(item));
      if (position) add('position', true, chunk, logits(position));
      if (item && position && prior) {
        const both = item.map((rate, sample) => (rate * position[sample]!) / prior[sample]!);
        add(`${judged}Position`, true, chunk, logits(both));
      }
      if (popularity) add('popularity', false, chunk, Float32Array.from(popularity));
      if (!scorer) continue;
      const { seen, last, isLatest, ages } = scorer(chunk);
      add('seen', false, chunk, seen);
      add('lastItem', false, chunk, last);
      leak.add(chunk, isLatest, ages);
    }
    const baselines: Record<string, Readonly<Record<string, number | null>>> = {};
    for (const [name, { isLogit, evaluator }] of evaluators) {
      const { values } = evaluator.finish();
      const shown = Object.entries(values).map(([metric, value]) => [
        metric,
        isLogit || OF_ORDER.test(metric) ? value : null,
      ]);
      baselines[name] = Object.fromEntries(shown);
    }
    return { baselines, leak: scorer ? leak.result() : null };
  } finally {
    for (const { evaluator } of evaluators.values()) evaluator.close();
    database.close();
  }
}

/** Logits of rates, which may be 0, 1 or, where they are products, more. */
function logits(rates: Float64Array): Float32Array {
  return Float32Array.from(rates, (rate) => {
    const p = Math.min(Math.max(rate, 1e-6), 1 - 1e-6);
    return Math.log(p / (1 - p));
  });
}
