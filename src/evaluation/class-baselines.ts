/**
 * Scores without a model for tasks of several classes, by counting in the training samples:
 *
 *     p(k | v) = (sum of w over the samples of class k + SMOOTHING p(k)) / (sum of w + SMOOTHING)
 *
 * - prior: p(k), the same for everyone
 * - lastItem: v is the item of the user's latest event before the request; p(k) without one
 */
import { type PreparedData, splitRange } from '../dataset/prepared.js';
import { findEvents } from '../dataset/user-streams.js';
import type { Baseline } from './binary-baselines.js';
import { measuredRequests } from './measured.js';
import { type Chunk, measuredSamples } from './measured-samples.js';
import { requestsOf } from './requests-of.js';

/** Training samples of average distribution that every item is given beforehand. */
const SMOOTHING = 50;

/** No event before the request. */
const NO_ITEM = -1;

/** Empty where there is no training sample. */
export function classBaselines(prepared: PreparedData, task: string): Baseline[] {
  const { manifest } = prepared;
  const { classes } = manifest.tasks[task]!;
  const totals = new Float64Array(classes);
  const byItem = new Map<number, Float64Array>();
  for (const chunk of measuredSamples(prepared, task, splitRange(manifest, 'training'))) {
    const lastItems = lastItemsOf(prepared, chunk);
    for (const [at, label] of chunk.label.entries()) {
      const weight = chunk.weight[at]!;
      const item = lastItems[at]!;
      const counted = byItem.get(item) ?? new Float64Array(classes);
      byItem.set(item, counted);
      counted[label]! += weight;
      totals[label]! += weight;
    }
  }
  const total = totals.reduce((sum, weight) => sum + weight, 0);
  if (total === 0) return [];
  const prior = totals.map((weight) => weight / total);
  const given = (item: number) => {
    const counted = item === NO_ITEM ? undefined : byItem.get(item);
    if (!counted) return prior;
    const sum = counted.reduce((all, weight) => all + weight, 0);
    return counted.map((weight, k) => (weight + SMOOTHING * prior[k]!) / (sum + SMOOTHING));
  };
  const requests = measuredRequests(manifest);
  const scoredBy = (name: string, probabilities: (item: number) => Float64Array): Baseline => ({
    name,
    isProbability: true,
    *scored() {
      for (const chunk of measuredSamples(prepared, task, requests)) {
        const { request, sample, label, weight } = chunk;
        const logits = new Float32Array(label.length * classes);
        for (const [at, item] of lastItemsOf(prepared, chunk).entries()) {
          logits.set(
            probabilities(item).map((p) => Math.log(Math.max(p, 1e-6))),
            at * classes,
          );
        }
        yield { task, outputs: classes, request, sample, label, weight, logits };
      }
    },
  });
  return [scoredBy('prior', () => prior), scoredBy('lastItem', given)];
}

/** Item row of the latest event before each sample's request, [samples]. */
function lastItemsOf(prepared: PreparedData, chunk: Chunk): Int32Array {
  const items = new Int32Array(chunk.request.length);
  for (const { request, start, end } of requestsOf(chunk))
    items.fill(lastItem(prepared, request), start, end);
  return items;
}

function lastItem({ requests, segments }: PreparedData, request: number): number {
  const end = requests.end.at(request);
  if (end === 0) return NO_ITEM;
  const [piece] = findEvents(segments, requests.user.at(request), end - 1, end);
  return piece!.segment.items.at(piece!.start);
}
