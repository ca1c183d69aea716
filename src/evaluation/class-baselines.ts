/**
 * Scores without a model for tasks of several classes, by counting in the training samples:
 *
 *     p(k | v) = (sum of w over the samples of class k + SMOOTHING p(k)) / (sum of w + SMOOTHING)
 *
 * - prior: p(k), the same for everyone
 * - lastItem: v is the item of the user's latest event before the request; p(k) without one
 */
import { type PreparedData, splitRange, type TaskArrays } from '../dataset/prepared.js';
import { findEvents } from '../dataset/user-streams.js';
import { accuracy } from './accuracy.js';
import { macroAuc } from './macro-auc.js';
import type { ScoredClasses } from './scored-classes.js';

/** Training samples of average distribution that every item is given beforehand. */
const SMOOTHING = 50;

/** No event before the request. */
const NO_ITEM = -1;

type ClassBaseline = Readonly<{ accuracy: number | null; macroAuc: number | null }>;

/** Empty where there is no training sample. */
export function classBaselines(
  prepared: PreparedData,
  task: string,
): Readonly<Record<string, ClassBaseline>> {
  const { classes } = prepared.manifest.tasks[task]!;
  const training = samplesOf(prepared, task, 'training');
  const totals = new Float64Array(classes);
  const byItem = new Map<number, Float64Array>();
  for (const [sample, label] of training.labels.entries()) {
    const weight = training.weights[sample]!;
    const item = training.lastItems[sample]!;
    const counted = byItem.get(item) ?? new Float64Array(classes);
    byItem.set(item, counted);
    counted[label]! += weight;
    totals[label]! += weight;
  }
  const total = totals.reduce((sum, weight) => sum + weight, 0);
  if (total === 0) return {};
  const prior = totals.map((weight) => weight / total);
  const given = (item: number) => {
    const counted = item === NO_ITEM ? undefined : byItem.get(item);
    if (!counted) return prior;
    const sum = counted.reduce((all, weight) => all + weight, 0);
    return counted.map((weight, k) => (weight + SMOOTHING * prior[k]!) / (sum + SMOOTHING));
  };
  const evaluation = samplesOf(prepared, task, 'evaluation');
  const measure = (probabilities: (item: number) => Float64Array): ClassBaseline => {
    const scores = new Float32Array(evaluation.labels.length * classes);
    for (const [sample, item] of evaluation.lastItems.entries()) {
      scores.set(probabilities(item).map(Math.log), sample * classes);
    }
    const samples: ScoredClasses = { ...evaluation, scores, classes };
    return { accuracy: accuracy(samples), macroAuc: macroAuc(samples) };
  };
  return { prior: measure(() => prior), lastItem: measure(given) };
}

/** Arrays [samples]. */
function samplesOf(prepared: PreparedData, task: string, part: 'training' | 'evaluation') {
  const arrays: TaskArrays = prepared.tasks[task]!;
  const [first, last] = splitRange(prepared.manifest, part);
  const offsets = arrays.offsets.read(first, last + 1);
  const [start, end] = [offsets[0]!, offsets[last - first]!];
  const lastItems = new Int32Array(end - start);
  for (let row = 0; row < last - first; row++) {
    const [from, to] = [offsets[row]! - start, offsets[row + 1]! - start];
    if (from < to) lastItems.fill(lastItem(prepared, first + row), from, to);
  }
  return { lastItems, labels: arrays.label.read(start, end), weights: arrays.weight.read(start, end) };
}

function lastItem({ requests, segments }: PreparedData, request: number): number {
  const end = requests.end.at(request);
  if (end === 0) return NO_ITEM;
  const [piece] = findEvents(segments, requests.user.at(request), end - 1, end);
  return piece!.segment.items.at(piece!.start);
}
