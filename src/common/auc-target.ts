/** When one training has come as far as another: a share of what its AUC gains over chance. */

export const TARGET_SHARE = 0.99;

/** .5 + .99 (auc - .5), which a macro AUC has too; null where there is no gain over chance to have a share of. */
export function aucTarget(auc: number): number | null {
  return auc > 0.5 ? 0.5 + TARGET_SHARE * (auc - 0.5) : null;
}
