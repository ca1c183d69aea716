/** What a model costs: to store, to train, and to ask. */

export interface Costs {
  /** Weights outside of the tables, and in them. */
  readonly denseParameters: number;
  readonly tableParameters: number;
  /** Size of the file of the weights. */
  readonly weightBytes: number;
  /** Steps and validations. */
  readonly trainingSeconds: number;
  readonly steps: number;
  /** Scoring the samples of the evaluation part, waiting for batches left out. */
  readonly scoringSeconds: number;
}

/** `factor` times the sum of each; of one or more. */
export function sumCosts(costs: readonly Costs[], factor = 1): Costs {
  const keys = Object.keys(costs[0]!) as (keyof Costs)[];
  const sum = (key: keyof Costs) => costs.reduce((total, each) => total + each[key], 0);
  return Object.fromEntries(keys.map((key) => [key, factor * sum(key)])) as Record<keyof Costs, number>;
}
