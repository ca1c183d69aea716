/**
 * GAUC: the AUC within each group (a request, a user), averaged with the groups' weights; groups of one class say
 * nothing about order and are left out (Zhu et al., KDD 2017, section 5.2).
 */

/** Sums over the groups that have both classes; a group counts by the weight of its samples. */
export interface GroupedAreas {
  /** Of weight times AUC. */
  readonly weighted: number;
  readonly weight: number;
}

/** In [0, 1]; null where no group has both classes. */
export function gauc({ weighted, weight }: GroupedAreas): number | null {
  return weight > 0 ? weighted / weight : null;
}
