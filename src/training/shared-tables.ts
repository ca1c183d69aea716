/** Where the embedding tables of processes that train together are: whole in each of them, or row by row over all. */
import type { Collectives } from '../distributed/collectives.js';
import type { Costs } from '../distributed/costs.js';
import { ReplicatedRows, type RowExchange, ShardedRows } from '../distributed/row-exchange.js';
import { type RowPart, WHOLE } from '../engine/row-part.js';
import { type CheckpointFiles, saveCheckpoint } from '../model/checkpoint.js';
import { tableSpecs } from '../model/parameters.js';
import type { ModelShape } from '../model/shape.js';
import type { ModelWeights } from '../model/weights.js';
import type { Optimizer } from './optimizer.js';

export interface SharedTables {
  /** What of each table is among the weights of this process; null for nothing. */
  readonly part: RowPart | null;
  readonly exchange: RowExchange;
  /** Of what is asked of servers, where they hold the rows. */
  readonly costs?: Costs;
  /** Called by all, before training from scratch: what is not among their weights starts as if it were. */
  fill(seed: number, deviation: number): Promise<void>;
  /** Called by all, to go on from a checkpoint: the same. */
  restore(folder: string): Promise<void>;
  /** Called by all. */
  save<State>(folder: string, weights: ModelWeights, optimizer: Optimizer, state: State): Promise<void>;
  /** Called by all, when training is over. */
  close(): Promise<void>;
}

/** Table -> units of a row. */
export const tableWidths = (shape: ModelShape): Record<string, number> =>
  Object.fromEntries(tableSpecs(shape).map(({ name, size }) => [name, size]));

const amongWeights = { async fill() {}, async restore() {}, async close() {} };

/** Each process has all rows, and makes every update. */
export const replicatedTables = (collectives: Collectives, shape: ModelShape): SharedTables => ({
  ...amongWeights,
  part: WHOLE,
  exchange: new ReplicatedRows(collectives, tableWidths(shape)),
  async save(folder, weights, { slots }, state) {
    await collectives.during(collectives.rank === 0 ? saveCheckpoint(folder, weights, slots, state) : null);
  },
});

/** Row r is with the process of rank r mod size. */
export const shardedTables = (collectives: Collectives, shape: ModelShape): SharedTables => ({
  ...amongWeights,
  part: { index: collectives.rank, of: collectives.size },
  exchange: new ShardedRows(collectives, tableWidths(shape)),
  async save(folder, weights, { slots }, state) {
    const together = {
      during: async <T>(work: Promise<T>) => (await collectives.during(work)) as T,
      async gather(files: CheckpointFiles) {
        const texts = await collectives.gatherTexts(JSON.stringify(files));
        return texts.map((text) => JSON.parse(text) as CheckpointFiles);
      },
    };
    await saveCheckpoint(folder, weights, slots, state, { together });
  },
});
