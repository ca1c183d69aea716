/** Whether the variants have as many users as they should: otherwise something else than chance chose them (Fabijan et al. 2019). */
import { chiSquareTail } from './tail-probability.js';

export interface SampleRatio {
  readonly chiSquare: number;
  readonly degrees: number;
  readonly pValue: number;
}

/** Below it, what differs between the variants may be who was counted. */
export const MISMATCH = 0.001;

/** Shares in any unit; null of a single variant. */
export function sampleRatio(users: readonly number[], shares: readonly number[]): SampleRatio | null {
  if (users.length < 2) return null;
  // A variant that should have nobody tells nothing as long as it has nobody.
  const degrees = Math.max(1, shares.filter((share, at) => share > 0 || users[at]! > 0).length - 1);
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  const [allUsers, allShares] = [sum(users), sum(shares)];
  const chiSquare = sum(
    users.map((count, at) => {
      const expected = (allUsers * shares[at]!) / allShares;
      return count === expected ? 0 : (count - expected) ** 2 / expected;
    }),
  );
  return { chiSquare, degrees, pValue: chiSquareTail(chiSquare, degrees) };
}
