/** JSON that carries the checksum of what it says, so that a bit that flips on a disk is found. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { messageOf } from './errors.js';
import { writeJson } from './files.js';

interface Seal {
  /** Of the JSON of all else, without spaces. */
  readonly sha256: string;
}

const sumOf = (value: object) => createHash('sha256').update(JSON.stringify(value)).digest('hex');

/** `value` has no key `sha256`. */
export async function writeSealedJson(path: string, value: object): Promise<void> {
  await writeJson(path, { ...value, sha256: sumOf(value) } satisfies Seal);
}

/** @throws Error that says what is wrong: missing, no JSON, or another checksum */
export async function readSealedJson<T extends object>(path: string): Promise<T> {
  return unseal<T>(path, await readFile(path, 'utf8'));
}

/** The same of the text of a file; `mayLack` takes one without a checksum, of before there were any, as it is. */
export function unseal<T extends object>(path: string, text: string, { mayLack = false } = {}): T {
  let value: T & Partial<Seal>;
  try {
    value = JSON.parse(text) as T & Seal;
  } catch (cause) {
    throw new Error(`${path} is damaged (${messageOf(cause)})`, { cause });
  }
  const { sha256, ...rest } = (value ?? {}) as T & Partial<Seal>;
  if (sha256 === undefined) {
    if (mayLack) return value;
    throw new Error(`${path} has no checksum: another version has written it, or it is damaged`);
  }
  const got = sumOf(rest);
  if (got !== sha256) throw new Error(`${path} is damaged (sha256 ${sha256} was written, got ${got})`);
  return rest as unknown as T;
}
