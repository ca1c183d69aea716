/** JSON files that a command finds again and that nothing is lost with. */
import { readFile } from 'node:fs/promises';
import { messageOf, UserError } from './errors.js';

/** @throws UserError for one that is no JSON, which a fault of the disk leaves */
export async function readJson<T>(path: string): Promise<T> {
  const text = await readFile(path, 'utf8');
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw new UserError(
      `Cannot read ${path}: it is damaged (${messageOf(cause)})\n  remove it, and call the command again`,
      { cause },
    );
  }
}
