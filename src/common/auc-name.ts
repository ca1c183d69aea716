/** What the AUC of a task is called: that of several classes is a mean over the classes. */

export type AucMeasure = 'auc' | 'macroAuc';

export function aucName(measure: AucMeasure): string {
  return measure === 'auc' ? 'AUC' : 'macro AUC';
}
