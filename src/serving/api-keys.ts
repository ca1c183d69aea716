/** API keys: compared by their hashes, so that neither the time of a comparison nor its length tells anything of a key. */
import { createHash, timingSafeEqual } from 'node:crypto';

export const KEYS_VARIABLE = 'DUPN_API_KEYS';

const hashOf = (text: string) => createHash('sha256').update(text).digest();

/** Of an Authorization header; true where no key is asked for. */
export type KeyCheck = (authorization: string | undefined) => boolean;

/** The keys of the variable, separated by commas or blanks; null without any. */
export function keyCheck(variable: string | undefined): KeyCheck | null {
  const hashes = (variable ?? '')
    .split(/[\s,]+/)
    .filter(Boolean)
    .map(hashOf);
  if (hashes.length === 0) return null;
  return (authorization) => {
    const given = hashOf(/^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1] ?? '');
    let found = false;
    // All of them, whichever it is.
    for (const hash of hashes) found = timingSafeEqual(hash, given) || found;
    return found;
  };
}
