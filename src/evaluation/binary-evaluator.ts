/** The metrics of a binary task, or of one that ranks: order, probabilities and their calibration. */
import type { ScoredSamples } from '../model/score-batches.js';
import type { TaskEvaluation } from './evaluate.js';
import { GroupAreas } from './metrics/auc.js';
import { Calibration, calibrationErrorByChance, expectedCalibrationError } from './metrics/calibration.js';
import { gauc } from './metrics/gauc.js';
import { logLoss, logLossOf } from './metrics/log-loss.js';
import { normalisedEntropy } from './metrics/normalised-entropy.js';
import { predictedOverObserved } from './metrics/predicted-over-observed.js';
import { ResampledAreas } from './metrics/resampled-auc.js';
import { Roc } from './metrics/roc.js';
import { requestMetrics } from './ranked-requests.js';
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
const POSITIVE = 1;
const LOSS = 2;
const PREDICTED = 3;
/** Of the requests with both labels: weight, weight times AUC, their number, NDCG, reciprocal rank. */
const REQUEST_WEIGHT = 4;
const REQUEST_AUC = 5;
const REQUESTS = 6;
const NDCG = 7;
const RECIPROCAL = 8;
/** Of the users with both labels. */
const USER_WEIGHT = 9;
const USER_AUC = 10;
const COLUMNS = 11;

const sigmoid = (logit: number) => 1 / (1 + Math.exp(-logit));

export class BinaryEvaluator implements TaskEvaluator {
  readonly #options: TaskEvaluatorOptions;
  readonly #sums: Sums;
  readonly #counts: SliceCounts;
  readonly #sorter: ScoreSorter;
  readonly #row = new Float64Array(COLUMNS);
  #rows: SampleRows;
  #samples = 0;
  #positives = 0;
  #requests = 0;

  constructor(options: TaskEvaluatorOptions) {
    const { users, slices, bootstrap, folder, name } = options;
    this.#options = options;
    this.#counts = new SliceCounts(slices, 2, users.count);
    this.#sums = new Sums(COLUMNS, bootstrap.samples > 0 ? users.count : 0, this.#counts.slices);
    this.#sorter = new ScoreSorter({ folder, name, columns: this.#counts.columns });
    this.#rows = newRows(0, this.#counts.columns);
  }

  add(scored: ScoredSamples): void {
    const { users, ndcgAt } = this.#options;
    const samples = scored.label.length;
    if (samples > this.#rows.length) this.#rows = newRows(samples, this.#counts.columns);
    for (const { request, start, end } of requestsOf(scored)) {
      this.#requests++;
      const user = users.of(request);
      const codes = this.#counts.read(scored.sample[start]!, scored.sample[start]! + end - start);
      this.#rows.codes.set(codes, start * this.#counts.columns);
      for (let at = start; at < end; at++) this.#addSample(scored, at, user);
      const ranked = requestMetrics(scored, start, end, ndcgAt);
      if (!ranked) continue;
      const row = this.#row.fill(0);
      row[REQUEST_WEIGHT] = ranked.weight;
      row[REQUEST_AUC] = ranked.weight * ranked.auc;
      row[REQUESTS] = 1;
      row[NDCG] = ranked.ndcg;
      row[RECIPROCAL] = ranked.reciprocalRank;
      this.#sums.add(user, row);
    }
    this.#sorter.add({ ...this.#rows, length: samples });
    this.#samples += samples;
  }

  #addSample({ logits, label, weight }: ScoredSamples, at: number, user: number): void {
    const logit = logits[at]!;
    const positive = label[at]! > 0 ? 1 : 0;
    const size = weight[at]!;
    const rows = this.#rows;
    rows.scores[at] = logit;
    rows.positives[at] = positive;
    rows.weights[at] = size;
    rows.users[at] = user;
    this.#positives += positive;
    const row = this.#row.fill(0);
    row[WEIGHT] = size;
    row[POSITIVE] = size * positive;
    row[LOSS] = size * logLossOf(logit, positive);
    row[PREDICTED] = size * sigmoid(logit);
    this.#sums.add(user, row);
    this.#counts.add(rows.codes, at, positive, user, this.#sums, row);
  }

  async finish(onShare: (share: number) => void = () => {}): Promise<TaskResult> {
    const { slices, ndcgAt } = this.#options;
    const { total } = this.#sums;
    const { areas, roc, bins } = await this.#rank();
    const counts: TaskEvaluation = {
      samples: this.#samples,
      weight: total[WEIGHT]!,
      labels: [this.#samples - this.#positives, this.#positives],
      requests: this.#requests,
      requestsWithBoth: total[REQUESTS]!,
      users: this.#options.users.count,
    };
    const drawn = await this.#resample(onShare);
    return {
      counts,
      values: {
        auc: areas.area(0),
        ...ratios(total, ndcgAt),
        ece: expectedCalibrationError(bins),
        eceByChance: calibrationErrorByChance(bins),
      },
      reason: (metric) => reasonOf(metric, counts),
      resampled: drawn.metrics,
      curves: { roc: [roc], calibration: bins, confusion: null },
      slices: slices
        ? slicedColumns({
            codes: slices,
            counts: this.#counts,
            resampled: drawn.slices,
            measure: (slice) => {
              const sums = this.#sums.ofSlice(slice);
              return {
                share: shareOf(sums[WEIGHT]!, total[WEIGHT]!),
                area: areas.area(1 + slice),
                logLoss: logLoss(sums[LOSS]!, sums[WEIGHT]!),
                predictedOverObserved: predictedOverObserved(sums[PREDICTED]!, sums[POSITIVE]!),
              };
            },
          })
        : [],
    };
  }

  /** All samples by rising score: the areas of all and of each slice, the curves, and the sums of the users' AUCs. */
  async #rank() {
    const { total } = this.#sums;
    const { count: numUsers } = this.#options.users;
    const areas = new GroupAreas(1 + this.#counts.slices);
    const ofUsers = new GroupAreas(numUsers);
    const weights = new Float64Array(numUsers);
    const roc = new Roc({ positives: total[POSITIVE]!, negatives: total[WEIGHT]! - total[POSITIVE]! });
    const calibration = new Calibration(total[WEIGHT]!);
    await addRanked(this.#sorter, areas, this.#counts, (score, positive, weight, user) => {
      ofUsers.add(user, score, positive, weight);
      weights[user]! += weight;
      roc.add(score, positive, weight);
      calibration.add(sigmoid(score), positive, weight);
    });
    for (let user = 0; user < numUsers; user++) {
      const area = ofUsers.area(user);
      if (area === null) continue;
      const row = this.#row.fill(0);
      row[USER_WEIGHT] = weights[user]!;
      row[USER_AUC] = weights[user]! * area;
      this.#sums.add(user, row);
    }
    return { areas, roc: roc.finish(), bins: calibration.finish() };
  }

  #resample(onShare: (share: number) => void): Promise<Resampled> {
    const { users, bootstrap, ndcgAt } = this.#options;
    const { slices } = this.#counts;
    return resample({
      numUsers: users.count,
      bootstrap,
      sums: this.#sums,
      ratios: (sums) => ratios(sums, ndcgAt),
      area: 'auc',
      slices,
      onShare,
      areas: async ({ counts, width }, withSlices) => {
        const areas = new ResampledAreas(withSlices ? 1 + slices : 1, counts, width);
        await addRanked(this.#sorter, areas, withSlices ? this.#counts : null);
        return (group) => areas.areas(group);
      },
    });
  }

  close(): void {
    this.#sorter.close();
  }
}

/** The metrics that follow from sums. */
function ratios(sums: Float64Array, ndcgAt: number): Record<string, number | null> {
  const requests = sums[REQUESTS]!;
  return {
    gauc: gauc({ weighted: sums[REQUEST_AUC]!, weight: sums[REQUEST_WEIGHT]! }),
    gaucByUser: gauc({ weighted: sums[USER_AUC]!, weight: sums[USER_WEIGHT]! }),
    [`ndcg@${ndcgAt}`]: requests > 0 ? sums[NDCG]! / requests : null,
    mrr: requests > 0 ? sums[RECIPROCAL]! / requests : null,
    logLoss: logLoss(sums[LOSS]!, sums[WEIGHT]!),
    normalisedEntropy: normalisedEntropy(sums[LOSS]!, [sums[WEIGHT]! - sums[POSITIVE]!, sums[POSITIVE]!]),
    predictedOverObserved: predictedOverObserved(sums[PREDICTED]!, sums[POSITIVE]!),
  };
}

const OF_REQUESTS = /^(gauc|mrr|ndcg@\d+)$/;

function reasonOf(
  metric: string,
  { samples, weight, labels: [negatives, positives] }: TaskEvaluation,
): string {
  if (samples === 0) return 'there are no samples';
  if (weight === 0) return 'the samples have no weight';
  if (positives === 0) return 'every label is 0';
  if (negatives === 0) return 'every label is 1';
  if (metric === 'gaucByUser') return 'no user has both labels';
  return OF_REQUESTS.test(metric) ? 'no request has both labels' : 'only one kind of label has weight';
}
