/** A team whose processes make steps of their own on what parameter servers hold, and meet at validations (Dean et al., NIPS 2012). */
import { constants } from 'node:os';
import type { Collectives } from '../distributed/collectives.js';
import { Meeting } from '../distributed/meeting.js';
import type { Servers } from '../distributed/servers.js';
import { tf } from '../engine/tf.js';
import type { ModelWeights } from '../model/weights.js';
import { clusterTeam, SIGNALS } from './cluster-team.js';
import { ownStep } from './own-step.js';
import { ServerDense } from './server-dense.js';
import type { SharedTables } from './shared-tables.js';
import type { Team, Wish } from './team.js';

/** Wishes as numbers: the greatest one comes true. */
const SAVE = 1;

export function asynchronousTeam(collectives: Collectives, servers: Servers, tables: SharedTables): Team {
  const { rank, size } = collectives;
  const team = clusterTeam(collectives, tables);
  const meeting = new Meeting(collectives);
  const dense = new ServerDense(servers);
  const { exchange } = tables;
  let isPlaced = false;
  let round = 0;
  /** All have the same weights afterwards. */
  const meet = async (weights: ModelWeights) => {
    if (!meeting.isUnderWay) return;
    await meeting.meet(round);
    await dense.pull(weights);
    await shareStatistics(collectives, weights);
  };
  return {
    ...team,
    turn: { index: rank, of: size },
    async step(weights, optimizer, batch, step, options) {
      if (!isPlaced) await collectives.during(rank === 0 ? dense.place(weights, optimizer) : null);
      isPlaced = true;
      meeting.goOn();
      round = step;
      return ownStep({ dense, exchange, processes: size, rank }, weights, optimizer, batch, step, options);
    },
    agree: (wish) =>
      meeting.isUnderWay ? meeting.after(round, numberOf(wish, rank === 0)).then(wishOf) : team.agree(wish),
    async *scores(weights, batches, stored) {
      await meet(weights);
      yield* team.scores(weights, batches, stored);
    },
    async save(folder, weights, optimizer, state) {
      await meet(weights);
      await collectives.during(rank === 0 ? dense.pullSlots(weights, optimizer) : null);
      await team.save(folder, weights, optimizer, state);
    },
  };
}

const numberOf = ({ stop, save }: Wish, isChief: boolean): number =>
  stop ? SAVE + constants.signals[stop] : isChief && save ? SAVE : 0;

const wishOf = (number: number): Wish => ({
  stop: SIGNALS.find(([, signal]) => SAVE + signal === number)?.[0] ?? null,
  save: number === SAVE,
});

/** The mean of the moving statistics, which each has of its own batches. */
async function shareStatistics(collectives: Collectives, { statistics }: ModelWeights): Promise<void> {
  for (const variable of statistics.values()) {
    const own = variable.readRows(0, variable.shape[0] ?? 1);
    const sum = await collectives.allReduce(own, 'statistics');
    tf.tidy(() => variable.assign(tf.tensor1d(sum.map((value) => value / collectives.size))));
  }
}
