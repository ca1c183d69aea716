/** The axis of AUC. */
import type { TransferResult } from '../experiments/transfer-result.js';

export function aucName(measure: TransferResult['measure']): string {
  return measure === 'auc' ? 'AUC' : 'macro AUC';
}

/** Of the field `auc`; it starts near the lowest value, not at 0. */
export function aucAxis(title: string) {
  return {
    field: 'auc',
    type: 'quantitative' as const,
    title,
    scale: { zero: false, nice: true },
  };
}
