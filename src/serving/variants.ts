/**
 * Bundles side by side: a user gets one of them by a salted hash of the id, always the same one while salt and shares stay
 * (Kohavi, Tang and Xu 2020, chapter 4).
 */
import { createHash } from 'node:crypto';

export interface Share {
  readonly name: string;
  /** Of all users, in proportion to the other shares. */
  readonly share: number;
}

/** The name of the variant of each user. */
export type Assign = (user: string) => string;

export function assignBy(salt: string, shares: readonly Share[]): Assign {
  const total = shares.reduce((sum, { share }) => sum + share, 0);
  return (user) => {
    let left = total * uniform(salt, user);
    for (const { name, share } of shares) {
      if (left < share) return name;
      left -= share;
    }
    return shares.at(-1)!.name;
  };
}

/** In [0, 1), from 48 bits of sha256. */
function uniform(salt: string, user: string): number {
  const digest = createHash('sha256')
    .update(JSON.stringify([salt, user]))
    .digest();
  return digest.readUIntBE(0, 6) / 2 ** 48;
}
