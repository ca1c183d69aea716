/** The metrics of a task of several classes: accuracy, macro AUC, log loss, and what the predicted class is worth. */

import { logProbabilities } from '../model/probabilities.js';
import type { ScoredSamples } from '../model/score-batches.js';
import type { TaskEvaluation } from './evaluate.js';
import { accuracy } from './metrics/accuracy.js';
import { GroupAreas } from './metrics/auc.js';
import { Calibration, calibrationErrorByChance, expectedCalibrationError } from './metrics/calibration.js';
import { Confusion } from './metrics/confusion.js';
import { logLoss } from './metrics/log-loss.js';
import { macroAuc } from './metrics/macro-auc.js';
import { normalisedEntropy } from './metrics/normalised-entropy.js';
import { ResampledAreas } from './metrics/resampled-auc.js';
import { Roc } from './metrics/roc.js';
import { requestsOf } from './requests-of.js';
import { addRanked, type Resampled, resample } from './resample.js';
import { newRows, type SampleRows } from './scores/sample-rows.js';
import { ScoreSorter } from './scores/score-sorter.js';
import { SliceCounts } from './slicing/slice-counts.js';
import { slicedColumns } from './slicing/sliced.js';
import { shareOf } from './slicing/slices.js';
import { Sums } from './sums.js';
import type { TaskEvaluator, TaskEvaluatorOptions, TaskResult } from './task-evaluator.js';

/** Columns of the sums. */
const WEIGHT = 0;
const LOSS = 1;
const RIGHT = 2;
const COLUMNS = 3;

/** Rows that all the sorters of a task hold in memory together. */
const HELD_ROWS = 2 ** 19;

interface RankedClass {
  readonly areas: GroupAreas;
  readonly roc: Roc;
}

export class ClassEvaluator implements TaskEvaluator {
  readonly #options: TaskEvaluatorOptions;
  readonly #classes: number;
  readonly #sums: Sums;
  readonly #counts: SliceCounts;
  readonly #confusion: Confusion;
  /** By class: its log probability, positive where it is the label. */
  readonly #sorters: readonly ScoreSorter[];
  /** By the probability of the predicted class, positive where it is the label. */
  readonly #confidences: ScoreSorter;
  readonly #labels: number[];
  readonly #row = new Float64Array(COLUMNS);
  /** Weight of each class. */
  readonly #weights: Float64Array;
  #samples = 0;
  #requests = 0;

  constructor(classes: number, options: TaskEvaluatorOptions) {
    const { users, slices, bootstrap, folder, name } = options;
    this.#options = options;
    this.#classes = classes;
    this.#counts = new SliceCounts(slices, classes, users.count);
    this.#sums = new Sums(COLUMNS, bootstrap.samples > 0 ? users.count : 0, this.#counts.slices);
    this.#weights = new Float64Array(classes);
    this.#confusion = new Confusion(classes);
    this.#labels = new Array<number>(classes).fill(0);
    const runRows = Math.ceil(HELD_ROWS / (classes + 1));
    this.#sorters = Array.from(
      { length: classes },
      (_, k) => new ScoreSorter({ folder, name: `${name}.${k}`, columns: this.#counts.columns, runRows }),
    );
    this.#confidences = new ScoreSorter({ folder, name: `${name}.confidence`, columns: 0, runRows });
  }

  add(scored: ScoredSamples): void {
    const { label, weight, sample } = scored;
    const classes = this.#classes;
    const { columns } = this.#counts;
    const samples = label.length;
    const values = logProbabilities({ scores: scored.logits, classes });
    const rows = newRows(samples, columns);
    const confidences = newRows(samples, 0);
    for (const { request, start, end } of requestsOf(scored)) {
      this.#requests++;
      const user = this.#options.users.of(request);
      rows.codes.set(this.#counts.read(sample[start]!, sample[start]! + end - start), start * columns);
      rows.users.fill(user, start, end);
      for (let at = start; at < end; at++) {
        const predicted = this.#confusion.add(scored.logits, at * classes, label[at]!, weight[at]!);
        confidences.scores[at] = Math.exp(values[at * classes + predicted]!);
        confidences.positives[at] = predicted === label[at] ? 1 : 0;
        this.#addSample(
          rows,
          at,
          label[at]!,
          weight[at]!,
          confidences.positives[at]!,
          -values[at * classes + label[at]!]!,
        );
      }
    }
    rows.weights.set(weight);
    confidences.weights.set(weight);
    this.#confidences.add(confidences);
    for (const [k, sorter] of this.#sorters.entries()) {
      for (let at = 0; at < samples; at++) {
        rows.scores[at] = values[at * classes + k]!;
        rows.positives[at] = label[at] === k ? 1 : 0;
      }
      sorter.add(rows);
    }
    this.#samples += samples;
  }

  #addSample(rows: SampleRows, at: number, label: number, weight: number, right: number, loss: number): void {
    const user = rows.users[at]!;
    this.#labels[label]!++;
    const row = this.#row.fill(0);
    row[WEIGHT] = weight;
    row[LOSS] = weight * loss;
    row[RIGHT] = weight * right;
    this.#weights[label]! += weight;
    this.#sums.add(user, row);
    this.#counts.add(rows.codes, at, label, user, this.#sums, row);
  }

  async finish(onShare: (share: number) => void = () => {}): Promise<TaskResult> {
    const { slices } = this.#options;
    const { total } = this.#sums;
    const ranked: RankedClass[] = [];
    for (const [k, sorter] of this.#sorters.entries())
      ranked.push(await this.#rank(sorter, this.#weights[k]!));
    const areaOf = (group: number) => macroAuc(ranked.map(({ areas }) => areas.area(group)));
    const bins = await this.#calibration();
    const drawn = await this.#resample(onShare);
    const counts: TaskEvaluation = {
      samples: this.#samples,
      weight: total[WEIGHT]!,
      labels: this.#labels,
      requests: this.#requests,
      users: this.#options.users.count,
    };
    return {
      counts,
      values: {
        ...ratios(total),
        macroAuc: areaOf(0),
        normalisedEntropy: normalisedEntropy(total[LOSS]!, this.#weights),
        ece: expectedCalibrationError(bins),
        eceByChance: calibrationErrorByChance(bins),
      },
      reason: () => reasonOf(counts),
      resampled: drawn.metrics,
      curves: {
        roc: ranked.map(({ roc }) => roc.finish()),
        calibration: bins,
        confusion: this.#confusion.rows(),
      },
      slices: slices
        ? slicedColumns({
            codes: slices,
            counts: this.#counts,
            resampled: drawn.slices,
            measure: (slice) => {
              const sums = this.#sums.ofSlice(slice);
              return {
                share: shareOf(sums[WEIGHT]!, total[WEIGHT]!),
                area: areaOf(1 + slice),
                logLoss: logLoss(sums[LOSS]!, sums[WEIGHT]!),
                predictedOverObserved: null,
              };
            },
          })
        : [],
    };
  }

  /** One class against all others, of all samples and of each slice. */
  async #rank(sorter: ScoreSorter, positives: number): Promise<RankedClass> {
    const areas = new GroupAreas(1 + this.#counts.slices);
    const roc = new Roc({ positives, negatives: this.#sums.total[WEIGHT]! - positives });
    await addRanked(sorter, areas, this.#counts, (score, positive, weight) =>
      roc.add(score, positive, weight),
    );
    return { areas, roc };
  }

  async #calibration() {
    const calibration = new Calibration(this.#sums.total[WEIGHT]!);
    for await (const { length, scores, positives, weights } of this.#confidences.sorted()) {
      for (let at = 0; at < length; at++) calibration.add(scores[at]!, positives[at] === 1, weights[at]!);
    }
    return calibration.finish();
  }

  #resample(onShare: (share: number) => void): Promise<Resampled> {
    const { users, bootstrap } = this.#options;
    const { slices } = this.#counts;
    return resample({
      numUsers: users.count,
      bootstrap,
      sums: this.#sums,
      ratios,
      area: 'macroAuc',
      slices,
      onShare,
      areas: async ({ counts, width }, withSlices) => {
        const byClass: ResampledAreas[] = [];
        for (const sorter of this.#sorters) {
          const areas = new ResampledAreas(withSlices ? 1 + slices : 1, counts, width);
          await addRanked(sorter, areas, withSlices ? this.#counts : null);
          byClass.push(areas);
        }
        return (group) => meanOfClasses(byClass.map((areas) => areas.areas(group)));
      },
    });
  }

  close(): void {
    for (const sorter of this.#sorters) sorter.close();
    this.#confidences.close();
  }
}

/** The metrics that follow from sums. */
function ratios(sums: Float64Array): Record<string, number | null> {
  const weight = sums[WEIGHT]!;
  return {
    accuracy: accuracy(sums[RIGHT]!, weight),
    logLoss: logLoss(sums[LOSS]!, weight),
  };
}

/** Macro AUC of each resample, NaN where no class has an area. */
function meanOfClasses(byClass: readonly Float64Array[]): Float64Array {
  return byClass[0]!.map((_, at) => {
    const areas = byClass.map((areas) => (Number.isNaN(areas[at]!) ? null : areas[at]!));
    return macroAuc(areas) ?? Number.NaN;
  });
}

function reasonOf({ samples, labels, weight }: TaskEvaluation): string {
  if (samples === 0) return 'there are no samples';
  if (weight === 0) return 'the samples have no weight';
  const present = labels.filter((count) => count > 0).length;
  return present < 2
    ? `every label is ${labels.findIndex((count) => count > 0)}`
    : 'only one label has weight';
}
