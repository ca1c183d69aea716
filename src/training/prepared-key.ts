/** Tells prepared data apart: a run goes on, and is taken over, on the data that it was trained on alone. */
import { createHash } from 'node:crypto';
import type { Manifest } from '../common/prepared.js';

/** sha256 over the checksums of its files. */
export function preparedKey({ files }: Pick<Manifest, 'files'>): string {
  const sums = Object.entries(files).map(([path, { sha256 }]) => `${path} ${sha256}`);
  return createHash('sha256').update(sums.sort().join('\n')).digest('hex');
}
