/** Finds rows that might be better after more epochs: what they show is how fast they learn, not how well. */
import type { Comparison } from '../config/load-comparison.js';
import type { Outcome } from './outcome.js';
import { runName } from './runs.js';

/** One line for all variants with a run that `train.epochs` ended at its best validation. */
export function epochWarnings(
  { configs, seeds }: Comparison,
  outcomes: ReadonlyMap<string, Outcome>,
): string[] {
  const rows = [...configs].flatMap(([variant, { train }]) => {
    const cut = seeds.filter((seed) => outcomes.get(runName(variant, seed))?.cutShort);
    return cut.length > 0
      ? [`${variant} (${cut.length} of ${seeds.length} seeds, epochs: ${train.epochs})`]
      : [];
  });
  return rows.length > 0
    ? [`still getting better when train.epochs ended the training, more may help: ${rows.join(', ')}`]
    : [];
}
