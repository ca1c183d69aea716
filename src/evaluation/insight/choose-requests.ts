/** Which requests an insight is from, and which of them are shown: the same ones for the same seed. */
import { createRandom } from '../../common/random.js';
import type { BatchPlan } from '../../dataset/batch-plan.js';
import { selectRequests } from '../../dataset/order.js';
import type { PreparedData } from '../../dataset/prepared.js';

/** The shortest and the longest history that is preferred to be shown. */
const [SHORTEST, LONGEST] = [5, 40];

export interface RequestChoice {
  readonly plans: readonly BatchPlan[];
  readonly seed: number;
  /** Requests at most. */
  readonly most: number;
}

export interface ChosenRequest {
  /** Index in the prepared data. */
  readonly request: number;
  /** Behaviours in its window. */
  readonly length: number;
}

/** Requests of the plans that have a behaviour, in random order. Takes 8 bytes for each request of the plans. */
export function chooseRequests(
  prepared: PreparedData,
  { plans, seed, most }: RequestChoice,
): ChosenRequest[] {
  const selected = plans.map(({ split, tasks, maxEvents }) => {
    const { requests, lengths } = selectRequests(prepared, split, tasks, maxEvents);
    return { requests: requests.filter((_, at) => lengths[at]! > 0), lengths: lengths.filter(Boolean) };
  });
  const total = selected.reduce((sum, { requests }) => sum + requests.length, 0);
  const order = Int32Array.from({ length: total }, (_, at) => at);
  createRandom(seed, 'insight').shuffle(order);
  return Array.from(order.subarray(0, most), (place) => {
    let at = place;
    for (const { requests, lengths } of selected) {
      if (at < requests.length) return { request: requests[at]!, length: lengths[at]! };
      at -= requests.length;
    }
    throw new Error(`place ${place} is beyond the requests`);
  });
}

/** A request that could be shown. */
export interface Showable extends ChosenRequest {
  readonly user: number;
  /** Whether a sample of a binary task is positive. */
  readonly isPositive: boolean;
  /** How many tasks have samples in it. */
  readonly tasks: number;
}

/**
 * `count` of them at most, each of another user, by rising length: those of 5 to 40 behaviours (all, where these have too few
 * users) are cut by length into as many parts, and each gives the first of those with a positive label, among these one with
 * samples of several tasks.
 */
export function chooseShown(requests: readonly Showable[], count: number): Showable[] {
  const byUser = (some: readonly Showable[]) => {
    const best = new Map<number, Showable>();
    for (const request of some) {
      const other = best.get(request.user);
      if (!other || worth(request) > worth(other)) best.set(request.user, request);
    }
    return [...best.values()];
  };
  const preferred = byUser(requests.filter(({ length }) => length >= SHORTEST && length <= LONGEST));
  const pool = preferred.length >= count ? preferred : byUser(requests);
  pool.sort((a, b) => a.length - b.length);
  const parts = Math.min(count, pool.length);
  return Array.from({ length: parts }, (_, part) => {
    const bound = (at: number) => Math.floor((at * pool.length) / parts);
    return pool
      .slice(bound(part), bound(part + 1))
      .reduce((best, other) => (worth(other) > worth(best) ? other : best));
  });
}

const worth = ({ isPositive, tasks }: Showable): number => (isPositive ? 2 : 0) + (tasks > 1 ? 1 : 0);
