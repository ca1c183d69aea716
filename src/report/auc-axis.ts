/** The axis of AUC. */

/** Of the field `auc`; it starts near the lowest value, not at 0. */
export function aucAxis(title: string) {
  return {
    field: 'auc',
    type: 'quantitative' as const,
    title,
    scale: { zero: false, nice: true },
  };
}
