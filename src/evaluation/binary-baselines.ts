/** The baselines of a binary task, or of one that ranks, one after the other: each goes through the samples by itself. */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { PreparedData } from '../dataset/prepared.js';
import type { ScoredSamples } from '../model/score-batches.js';
import { type HistoryScores, historyScorer } from './history-baselines.js';
import type { LeakCounter } from './leak-check.js';
import { measuredRequests } from './measured.js';
import { type Chunk, measuredSamples } from './measured-samples.js';
import { countedColumns, countedNames } from './rate-baseline.js';

/** A score without a model. */
export interface Baseline {
  readonly name: string;
  /** Its scores are logits of probabilities; otherwise they only have an order. */
  readonly isProbability: boolean;
  /** All samples that are measured, in their order. */
  scored(): AsyncIterable<ScoredSamples> | Iterable<ScoredSamples>;
}

export interface BinaryBaselinesInput {
  readonly prepared: PreparedData;
  readonly connection: DuckDBConnection;
  readonly task: string;
  readonly kept: readonly string[];
  /** Length of a history. */
  readonly maxEvents: number;
  /** Counts while the baseline of the latest behaviour is scored. */
  readonly leak: LeakCounter;
}

export async function binaryBaselines(input: BinaryBaselinesInput): Promise<Baseline[]> {
  const { prepared, connection, task, kept, maxEvents, leak } = input;
  const { manifest, folder } = prepared;
  const requests = measuredRequests(manifest);
  const judged = manifest.tasks[task]!.candidate!;
  const table = { connection, folder, manifest, task, requests };
  const { prior, hasPopularity } = await countedNames(table);

  const counted = (
    name: string,
    isProbability: boolean,
    columns: readonly string[],
    scoreOf: (columns: Readonly<Record<string, Float64Array>>) => Float32Array,
  ): Baseline => ({
    name,
    isProbability,
    async *scored() {
      const counts = await countedColumns({ ...table, prior, columns });
      for (const chunk of measuredSamples(prepared, task, requests)) {
        yield scoredOf(task, chunk, scoreOf(await counts.next(chunk.label.length)));
      }
    },
  });
  const rates: Baseline[] = [];
  if (prior !== null) {
    rates.push(counted(judged, true, ['candidate'], ({ candidate }) => logits(candidate!)));
    if (kept.includes('position')) {
      rates.push(
        counted('position', true, ['position'], ({ position }) => logits(position!)),
        counted(`${judged}Position`, true, ['candidate', 'position'], ({ candidate, position }) =>
          logits(candidate!.map((rate, at) => (rate * position![at]!) / prior)),
        ),
      );
    }
  }
  if (hasPopularity) {
    rates.push(counted('popularity', false, [], ({ popularity }) => Float32Array.from(popularity!)));
  }

  const scorer = historyScorer(prepared, judged, maxEvents);
  if (!scorer) return rates;
  const byHistory = (
    name: string,
    scoreOf: (scores: HistoryScores) => Float32Array,
    see: (chunk: Chunk, scores: HistoryScores) => void = () => {},
  ): Baseline => ({
    name,
    isProbability: false,
    *scored() {
      for (const chunk of measuredSamples(prepared, task, requests)) {
        const scores = scorer(chunk);
        see(chunk, scores);
        yield scoredOf(task, chunk, scoreOf(scores));
      }
    },
  });
  return [
    ...rates,
    byHistory('seen', ({ seen }) => seen),
    byHistory(
      'lastItem',
      ({ last }) => last,
      (chunk, { isLatest, ages }) => leak.add(chunk, isLatest, ages),
    ),
  ];
}

const scoredOf = (
  task: string,
  { request, sample, label, weight }: Chunk,
  logits: Float32Array,
): ScoredSamples => ({ task, outputs: 1, request, sample, label, weight, logits });

/** Logits of rates, which may be 0, 1 or, where they are products, more. */
function logits(rates: Float64Array): Float32Array {
  return Float32Array.from(rates, (rate) => {
    const p = Math.min(Math.max(rate, 1e-6), 1 - 1e-6);
    return Math.log(p / (1 - p));
  });
}
