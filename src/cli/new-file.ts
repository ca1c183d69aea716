/** Whether a command may write the file that --out names. */
import { statSync } from 'node:fs';
import { UserError } from '../common/errors.js';

/** @throws UserError when it is there and may not go, and for what is no file */
export function requireNewFile(path: string, force: boolean): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) return;
  if (found.isDirectory()) throw new UserError(`Cannot write ${path}: expected a file, got a folder`);
  if (force) return;
  throw new UserError(
    `Cannot write ${path}: expected a file that is new, got one that is there (--force replaces it)`,
  );
}
