/** Macro AUC: the mean over the classes of the AUC of each class against all others, by its probability. */

/** In [0, 1]; `areas` by class, null for a class that no sample or every sample has, which is left out; null where that leaves none. */
export function macroAuc(areas: readonly (number | null)[]): number | null {
  const known = areas.filter((area) => area !== null);
  return known.length > 0 ? known.reduce((sum, area) => sum + area, 0) / known.length : null;
}
