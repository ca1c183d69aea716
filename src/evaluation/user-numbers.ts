/** Numbers the users of some samples from 0, for the arrays of a bootstrap. */

export interface UserNumbers {
  /** Users among the samples. */
  readonly count: number;
  /** User numbers of requests that the samples belong to. */
  of(requests: Int32Array): Int32Array;
}

/** `requests` are those of the samples, `userOfRequest` has the user of every request of the prepared data. */
export function numberUsers(requests: Int32Array, userOfRequest: Int32Array): UserNumbers {
  let last = -1;
  for (const user of userOfRequest) last = Math.max(last, user);
  const numbers = new Int32Array(last + 1).fill(-1);
  let count = 0;
  for (const request of requests) {
    const user = userOfRequest[request]!;
    if (numbers[user] === -1) numbers[user] = count++;
  }
  return { count, of: (asked) => asked.map((request) => numbers[userOfRequest[request]!]!) };
}
