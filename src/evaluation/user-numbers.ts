/** Numbers the users of a task's samples from 0, for the arrays of a bootstrap. */

export interface UserNumbers {
  /** Users with a sample. */
  readonly count: number;
  /** Number of the user of a request with a sample. */
  of(request: number): number;
}

/**
 * Of the requests [first, first + userOf.length): `userOf` is the user of each, `hasSample` 1 where it has a sample that
 * counts. Users are numbered by their first such request.
 */
export function numberUsers(first: number, userOf: Int32Array, hasSample: Uint8Array): UserNumbers {
  const last = userOf.reduce((most, user) => Math.max(most, user), -1);
  const numbers = new Int32Array(last + 1).fill(-1);
  let count = 0;
  for (let at = 0; at < userOf.length; at++) {
    if (hasSample[at] && numbers[userOf[at]!] === -1) numbers[userOf[at]!] = count++;
  }
  return { count, of: (request) => numbers[userOf[request - first]!]! };
}
