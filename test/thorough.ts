/** `npm test` has the cases that take least; `npm run thorough` has every one, however long it takes. */
export const thorough = process.env.DUPN_THOROUGH === '1';

/** Of cases that tell the same of other worlds: `some`, and `more` where every one is asked for. */
export const cases = <T>(some: readonly T[], more: readonly T[]): readonly T[] =>
  thorough ? [...some, ...more] : some;
