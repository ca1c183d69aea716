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
  let value: T & Seal;
  const text = await readFile(path, 'utf8');
  try {
    value = JSON.parse(text) as T & Seal;
  } catch (cause) {
    throw new Error(`${path} is damaged (${messageOf(cause)})`, { cause });
  }
  const { sha256, ...rest } = value;
  if (sha256 === undefined) {
    throw new Error(`${path} has no checksum: another version has written it, or it is damaged`);
  }
  const got = sumOf(rest);
  if (got !== sha256) throw new Error(`${path} is damaged (sha256 ${sha256} was written, got ${got})`);
  return rest as unknown as T;
}
