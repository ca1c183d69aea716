/** The team of the processes of a cluster, which take every step together. */
import { constants } from 'node:os';
import type { Tensor2D } from '@tensorflow/tfjs-node';
import { LostCluster } from '../common/lost-cluster.js';
import type { Batch } from '../dataset/batch.js';
import type { Collectives } from '../distributed/collectives.js';
import type { RowExchange } from '../distributed/row-exchange.js';
import { loadCheckpoint, loadSlots } from '../model/checkpoint.js';
import { readRows, rowsOfBatch } from '../model/rows.js';
import { type ScoredSamples, scoredSamples } from '../model/score-batches.js';
import type { ModelShape } from '../model/shape.js';
import { initialWeights, type ModelWeights } from '../model/weights.js';
import { sharedStep } from './shared-step.js';
import type { SharedTables } from './shared-tables.js';
import type { Team, Wish } from './team.js';

/** By their numbers. */
export const SIGNALS = Object.entries(constants.signals) as [NodeJS.Signals, number][];

export function clusterTeam(collectives: Collectives, { part, exchange, ...tables }: SharedTables): Team {
  const { rank, size } = collectives;
  const during = async <T>(work: Promise<T>) => (await collectives.during(work)) as T;
  return {
    isChief: rank === 0,
    share: { index: rank, of: size },
    during,
    requireSame: (start) => requireSame(collectives, start),
    async fresh(shape, seed, deviation) {
      const weights = initialWeights(shape, seed, deviation, part);
      await tables.fill(seed, deviation);
      return weights;
    },
    async load<State>(folder: string, shape: ModelShape) {
      const loaded = await during(loadCheckpoint<State>(folder, shape, part));
      await tables.restore(folder);
      return loaded;
    },
    loadSlots: (folder, { slots }) => during(loadSlots(folder, slots, part)),
    step: (weights, optimizer, batch, step, options) =>
      sharedStep({ collectives, exchange }, weights, optimizer, batch, step, options),
    agree: (wish) => agree(collectives, wish),
    costs: () => new Map([...collectives.costs.byPurpose, ...(tables.costs?.byPurpose ?? [])]),
    scores: (weights, batches, stored) => sharedScores(collectives, exchange, weights, batches, stored),
    save: tables.save,
  };
}

/** A file system of several machines may show one of them what was there before. */
async function requireSame(collectives: Collectives, start: string): Promise<void> {
  const [chief, ...others] = await collectives.gatherTexts(start);
  const differs = others.findIndex((other) => other !== chief);
  if (differs < 0) return;
  throw new LostCluster(
    `Cannot train together: ${collectives.describe(differs + 1)} would begin with ${others[differs]}, ${collectives.describe(0)} with ${chief}\n` +
      '  all have to see the same files, which may take a minute: start all of them again',
  );
}

async function agree(collectives: Collectives, { stop, save }: Wish): Promise<Wish> {
  const own = Int32Array.of(stop ? constants.signals[stop] : 0, collectives.rank === 0 && save ? 1 : 0);
  const all = await collectives.allGather(own, 'agreeing to go on');
  const signal = Math.max(...all.map(([number]) => number!));
  return {
    stop: SIGNALS.find(([, number]) => number === signal)?.[0] ?? null,
    save: all.some(([, save]) => save === 1),
  };
}

/** Each scores its share of a batch; all get those of all, one process after the other. */
async function* sharedScores(
  collectives: Collectives,
  exchange: RowExchange,
  weights: ModelWeights,
  batches: AsyncIterable<Batch>,
  stored?: (batch: Batch) => Tensor2D,
): AsyncGenerator<ScoredSamples> {
  const { tasks } = weights.shape;
  for await (const batch of batches) {
    const { values: fetched } = await exchange.fetch(rowsOfBatch(weights.shape, batch), (table, rows) =>
      readRows(weights, table, rows),
    );
    const own = batch.lengths.length > 0 ? [...scoredSamples(weights, batch, { stored, fetched })] : [];
    for (const [task, { outputs }] of Object.entries(tasks)) {
      const found = own.find((scored) => scored.task === task);
      for (const part of await collectives.gatherParts(
        found ? packed(found) : new Float64Array(0),
        'validation scores',
      )) {
        if (part.length > 0) yield unpacked(task, outputs, part);
      }
    }
  }
}

/** Row by row: logits, label, weight, request, sample. */
function packed({ logits, outputs, label, weight, request, sample }: ScoredSamples): Float64Array {
  const width = outputs + 4;
  const rows = new Float64Array(label.length * width);
  for (let row = 0; row < label.length; row++) {
    rows.set(logits.subarray(row * outputs, (row + 1) * outputs), row * width);
    rows.set([label[row]!, weight[row]!, request[row]!, sample[row]!], row * width + outputs);
  }
  return rows;
}

function unpacked(task: string, outputs: number, rows: Float64Array): ScoredSamples {
  const width = outputs + 4;
  const samples = rows.length / width;
  const at = (column: number) => (_: unknown, row: number) => rows[row * width + column]!;
  const floats = (column: number) => Float32Array.from({ length: samples }, at(column));
  const integers = (column: number) => Int32Array.from({ length: samples }, at(column));
  return {
    task,
    outputs,
    logits: Float32Array.from(
      { length: samples * outputs },
      (_, k) => rows[Math.floor(k / outputs) * width + (k % outputs)]!,
    ),
    label: floats(outputs),
    weight: floats(outputs + 1),
    request: integers(outputs + 2),
    sample: integers(outputs + 3),
  };
}
