/** What the evaluation of a task gives, whatever its kind. */
import type { Resampled } from './bootstrap.js';
import type { TaskEvaluation } from './evaluate.js';

export interface TaskMetrics {
  readonly counts: TaskEvaluation;
  /** By name; null where `reason` says why. */
  readonly values: Readonly<Record<string, number | null>>;
  reason(metric: string): string;
  /** The same metrics for a bootstrap, by name. */
  resampled(): Record<string, Resampled>;
}
