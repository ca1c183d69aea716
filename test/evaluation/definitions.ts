/** The definitions of the metrics, written down plainly: what the fast ways are compared with. */

export interface Sample {
  readonly score: number;
  readonly label: number;
  readonly weight: number;
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

export const weightOf = (samples: readonly Sample[]) => sum(samples.map(({ weight }) => weight));

export function groupBy<T, K>(values: readonly T[], keyOf: (value: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const value of values) {
    const key = keyOf(value);
    const group = groups.get(key);
    if (group) group.push(value);
    else groups.set(key, [value]);
  }
  return groups;
}

/** Every pair of a positive and a negative sample; null without a pair that has weight. */
export function aucByPairs(samples: readonly Sample[]): number | null {
  const positives = samples.filter(({ label }) => label === 1);
  const negatives = samples.filter(({ label }) => label === 0);
  let won = 0;
  let total = 0;
  for (const a of positives) {
    for (const b of negatives) {
      const pair = a.weight * b.weight;
      total += pair;
      won += a.score > b.score ? pair : a.score === b.score ? pair / 2 : 0;
    }
  }
  return total > 0 ? won / total : null;
}

/** The AUC within each group, averaged by the weight of the groups that have one. */
export function meanAuc(groups: readonly (readonly Sample[])[]): number | null {
  const known = groups.flatMap((group) => {
    const value = aucByPairs(group);
    return value === null ? [] : [{ value, weight: weightOf(group) }];
  });
  return known.length === 0
    ? null
    : sum(known.map(({ value, weight }) => value * weight)) / sum(known.map(({ weight }) => weight));
}

/** Every order of the samples by falling score: as many as there are ways to order those that are tied. */
function ordersOf<T extends Pick<Sample, 'score'>>(samples: readonly T[]): T[][] {
  if (samples.length === 0) return [[]];
  const best = Math.max(...samples.map(({ score }) => score));
  return samples.flatMap((first, at) =>
    first.score === best
      ? ordersOf(samples.filter((_, other) => other !== at)).map((rest) => [first, ...rest])
      : [],
  );
}

/** Mean over all orders of ties of the gains of the first k places, over the greatest there could be. */
export function ndcgByOrders(samples: readonly Pick<Sample, 'score' | 'label'>[], k: number): number | null {
  const gains = (labels: readonly number[]) =>
    sum(labels.slice(0, k).map((label, at) => label / Math.log2(2 + at)));
  const best = gains(samples.map(({ label }) => label).sort((a, b) => b - a));
  const orders = ordersOf(samples).map((order) => gains(order.map(({ label }) => label)));
  return best > 0 ? sum(orders) / orders.length / best : null;
}

/** Mean over all orders of ties of 1 / place of the first positive. */
export function reciprocalRankByOrders(samples: readonly Pick<Sample, 'score' | 'label'>[]): number | null {
  if (samples.every(({ label }) => label === 0)) return null;
  const orders = ordersOf(samples).map((order) => 1 / (1 + order.findIndex(({ label }) => label === 1)));
  return sum(orders) / orders.length;
}

/** A weighted mean; null without weight. */
export function meanOf<T extends Sample>(samples: readonly T[], value: (sample: T) => number): number | null {
  const counted = samples.filter(({ weight }) => weight > 0);
  return counted.length === 0
    ? null
    : sum(counted.map((sample) => sample.weight * value(sample))) / weightOf(counted);
}

/** -sum of p log p over the shares of the classes, in nats. */
export function entropyOf(classes: readonly number[]): number {
  const total = sum(classes);
  return -sum(classes.filter((weight) => weight > 0).map((w) => (w / total) * Math.log(w / total)));
}

export interface Bin {
  readonly samples: number;
  readonly weight: number;
  readonly predicted: number;
  readonly observed: number;
  readonly deviation: number;
}

/** Bins by where the middle of a sample's prediction lies in the weight of all; `score` is a probability. */
export function binsOf(samples: readonly Sample[], bins: number): Bin[] {
  const total = weightOf(samples);
  const placed = samples.map((sample) => {
    const below = weightOf(samples.filter(({ score }) => score < sample.score));
    const tied = weightOf(samples.filter(({ score }) => score === sample.score));
    return { ...sample, bin: Math.min(bins - 1, Math.floor(bins * ((below + tied / 2) / total))) };
  });
  return Array.from({ length: bins }, (_, bin) => placed.filter((sample) => sample.bin === bin))
    .filter((members) => weightOf(members) > 0)
    .map((members) => ({
      samples: members.length,
      weight: weightOf(members),
      predicted: meanOf(members, ({ score }) => score)!,
      observed: meanOf(members, ({ label }) => label)!,
      deviation:
        Math.sqrt(sum(members.map((s) => s.weight ** 2 * s.score * (1 - s.score)))) / weightOf(members),
    }));
}

export function errorOfBins(bins: readonly Bin[]): number | null {
  const total = sum(bins.map(({ weight }) => weight));
  const distance = ({ weight, predicted, observed }: Bin) => weight * Math.abs(predicted - observed);
  return total > 0 ? sum(bins.map(distance)) / total : null;
}

/** The mean distance from the mean of normal distributions of the bins' deviations. */
export function chanceOfBins(bins: readonly Bin[]): number | null {
  const total = sum(bins.map(({ weight }) => weight));
  const distance = ({ weight, deviation }: Bin) => weight * deviation * Math.sqrt(2 / Math.PI);
  return total > 0 ? sum(bins.map(distance)) / total : null;
}

/** numpy's default: linear between the neighbours. */
export function quantileOf(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = q * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(place)]!, sorted[Math.ceil(place)]!];
  return low + (place - Math.floor(place)) * (high - low);
}
