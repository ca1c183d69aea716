/** The metrics of two runs on the same samples, with what differs between them. */
import type { PairedMetric } from './against.js';
import { pairedInterval } from './bootstrap.js';
import type { Evaluated } from './evaluate.js';

/** By key; both drew the same users in each resample. */
export function pairedMetrics(
  run: Pick<Evaluated, 'metrics' | 'resampled'>,
  other: Pick<Evaluated, 'metrics' | 'resampled'>,
): Record<string, PairedMetric | null> {
  const paired = Object.entries(run.metrics).flatMap(([key, value]) =>
    key in other.metrics ? [[key, pairOf(key, value, other.metrics[key]!)] as const] : [],
  );
  return Object.fromEntries(paired);

  function pairOf(key: string, value: number | null, ofOther: number | null): PairedMetric | null {
    if (value === null || ofOther === null) return null;
    const [mine, others] = [run.resampled[key], other.resampled[key]];
    const drawn = mine && others ? pairedInterval(mine.map((value, at) => value - others[at]!)) : null;
    return {
      value,
      other: ofOther,
      difference: value - ofOther,
      interval: drawn && { low: drawn.low, high: drawn.high },
      pValue: drawn?.pValue ?? null,
    };
  }
}
