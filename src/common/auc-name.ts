/** What the AUC of a task is called: that of several classes is a mean over the classes. */
import type { TaskKind } from './prepared.js';

export type AucMeasure = 'auc' | 'macroAuc';

export function aucName(measure: AucMeasure): string {
  return measure === 'auc' ? 'AUC' : 'macro AUC';
}

/** What a task is measured by in transfers and backtests. */
export const aucMeasureOf = (kind: TaskKind): AucMeasure => (kind === 'multiclass' ? 'macroAuc' : 'auc');
