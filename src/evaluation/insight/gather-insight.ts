/** Looks at what a trained model does with the histories of some evaluation requests. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Progress } from '../../common/context.js';
import type { Batch } from '../../dataset/batch.js';
import { createBatchBuilder } from '../../dataset/batch-builder.js';
import type { BatchPlan } from '../../dataset/batch-plan.js';
import { openNames } from '../../dataset/names.js';
import { openPrepared, type PreparedData } from '../../dataset/prepared.js';
import { findEvents } from '../../dataset/user-streams.js';
import { type InspectedBatch, inspectBatch } from '../../model/inspect.js';
import type { ModelShape } from '../../model/shape.js';
import type { ModelWeights } from '../../model/weights.js';
import { GroupSums } from './behaviour-groups.js';
import { type ChosenRequest, chooseRequests, chooseShown, type Showable } from './choose-requests.js';
import { describeFeatureWeights } from './feature-weights.js';
import { gatesAt } from './gates-at.js';
import type { Insight } from './insight.js';
import { questionsOf } from './questions.js';
import { showHistories } from './show-histories.js';

/** Requests that groups and weights are from, and histories that are shown, at most. */
const [MOST_REQUESTS, MOST_HISTORIES] = [2000, 6];

/** Requests of a batch at most: padding and the tensors of a batch stay small. */
const BATCH_REQUESTS = 128;

export interface InsightInput {
  readonly preparedFolder: string;
  /** What is evaluated, at least one part; all of the same tasks and length. */
  readonly plans: readonly BatchPlan[];
  readonly seed: number;
}

/** Builds its batches in this thread: takes the memory of a batch builder. */
export async function gatherInsight(
  weights: ModelWeights,
  { preparedFolder, plans, seed }: InsightInput,
  progress: Progress,
): Promise<Insight> {
  const { tasks, maxEvents, batchRequests } = plans[0]!;
  const prepared = openPrepared(preparedFolder);
  const names = await openNames(preparedFolder);
  try {
    const chosen = chooseRequests(prepared, { plans, seed, most: MOST_REQUESTS });
    const builder = createBatchBuilder(prepared);
    const build = (requests: Int32Array) => builder.build(requests, tasks, maxEvents);
    const batches = byLength(chosen, Math.min(batchRequests, BATCH_REQUESTS));
    const { sums, showable, featureWeights } = await inspectBatches(
      weights,
      prepared,
      batches,
      build,
      progress,
    );
    const shown = chooseShown(
      chosen.map(({ request }) => showable.get(request)!),
      MOST_HISTORIES,
    );
    const batch = build(Int32Array.from(shown, ({ request }) => request));
    return {
      requests: chosen.length,
      groups: await sums.groups(prepared.manifest.fields.properties, names),
      histories: shown.length > 0 ? await showHistories(weights, batch, maxEvents, { prepared, names }) : [],
      featureWeights: Object.fromEntries(
        [...featureWeights].map(([task, parts]) => [
          task,
          describeFeatureWeights(weights.shape.tasks[task]!.features, joined(parts)),
        ]),
      ),
    };
  } finally {
    names.close();
    prepared.close();
  }
}

async function inspectBatches(
  weights: ModelWeights,
  prepared: PreparedData,
  batches: readonly Int32Array[],
  build: (requests: Int32Array) => Batch,
  progress: Progress,
) {
  const sums = new GroupSums();
  const showable = new Map<number, Showable>();
  const featureWeights = new Map<string, Float32Array[]>();
  const total = batches.reduce((sum, { length }) => sum + length, 0);
  const bar = progress.start('insight', total);
  let done = 0;
  try {
    for (const requests of batches) {
      const batch = build(requests);
      const inspected = inspectBatch(weights, batch, questionsOf(weights.shape, batch));
      addBehaviours(sums, prepared, batch, inspected);
      for (const request of showables(prepared, weights.shape, batch)) showable.set(request.request, request);
      for (const [task, values] of Object.entries(inspected.featureWeights)) {
        featureWeights.set(task, [...(featureWeights.get(task) ?? []), values]);
      }
      done += requests.length;
      bar.update(done);
      // What else waits gets its turn, such as the bar itself.
      await turn();
    }
  } finally {
    bar.stop();
  }
  return { sums, showable, featureWeights };
}

/** The requests in batches whose histories are of similar lengths. */
function byLength(chosen: readonly ChosenRequest[], size: number): Int32Array[] {
  const sorted = Int32Array.from(
    [...chosen].sort((a, b) => a.length - b.length || a.request - b.request),
    ({ request }) => request,
  );
  return Array.from({ length: Math.ceil(sorted.length / size) }, (_, at) =>
    sorted.subarray(at * size, (at + 1) * size),
  );
}

function addBehaviours(
  sums: GroupSums,
  { requests, segments }: PreparedData,
  { requests: rows, lengths, steps, property, properties }: Batch,
  { attention, gates }: InspectedBatch,
): void {
  for (const [row, request] of rows.entries()) {
    const length = lengths[row]!;
    const [end, at] = [requests.end.at(request), requests.time.at(request)];
    const pieces = findEvents(segments, requests.user.at(request), end - length, end);
    const times = pieces.flatMap(({ segment, start, end }) => [...segment.times.read(start, end)]);
    for (const [step, time] of times.entries()) {
      const place = row * steps + step;
      sums.add({
        propertyCode: properties.codes[property[step * rows.length + row]!]!,
        ageSeconds: at - time,
        place: length - step,
        attention: attention[place]! * length,
        gates: gates && gatesAt(gates, place),
      });
    }
  }
}

/** What decides which requests of a batch are shown. */
function showables({ requests }: PreparedData, { tasks }: ModelShape, batch: Batch): Showable[] {
  const counts = new Int32Array(batch.requests.length);
  const positive = new Uint8Array(batch.requests.length);
  for (const [name, { request, label }] of Object.entries(batch.tasks)) {
    for (const row of new Set(request)) counts[row]!++;
    if (tasks[name]!.kind !== 'binary') continue;
    for (const [sample, row] of request.entries()) if (label[sample]! > 0) positive[row] = 1;
  }
  return Array.from(batch.requests, (request, row) => ({
    request,
    length: batch.lengths[row]!,
    user: requests.user.at(request),
    isPositive: positive[row] === 1,
    tasks: counts[row]!,
  }));
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
