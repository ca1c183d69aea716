/** The runs that a comparison consists of. */
import type { Comparison } from '../config/load-comparison.js';
import type { Config } from '../config/schema.js';

export interface PlannedRun {
  /** Of the run, and of its folder in that of the comparison. */
  readonly name: string;
  readonly config: Config;
  /** It is made from the same prepared data as the base. */
  readonly usesDataOfBase: boolean;
}

export function runName(variant: string, seed: number): string {
  return `${variant}-seed${seed}`;
}

/** Seed by seed, so that rows can be compared from the first seed on. */
export function comparisonRuns({ folder, seeds, configs }: Comparison): PlannedRun[] {
  const variants = [...configs];
  const [, base] = variants[0]!;
  return seeds.flatMap((seed) =>
    variants.map(([variant, config]) => {
      const name = runName(variant, seed);
      return {
        name,
        config: { ...config, train: { ...config.train, seed }, run: { folder, name } },
        usesDataOfBase: config.name === base.name,
      };
    }),
  );
}
