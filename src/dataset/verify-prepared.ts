/** Whether the files of a prepared folder are what preprocess wrote. */
import type { Progress } from '../common/context.js';
import { UserError } from '../common/errors.js';
import type { Manifest } from '../common/prepared.js';
import { wrongFiles } from '../common/wrong-files.js';

/**
 * Reads all of them once in a process (about a second for each GB); with `only`, those whose path in the folder begins with
 * one of these.
 * @throws UserError that names every file which is missing or damaged
 */
export async function verifyPrepared(
  folder: string,
  { files }: Pick<Manifest, 'files'>,
  progress: Progress,
  only: readonly string[] = [''],
): Promise<void> {
  const read = Object.entries(files).filter(([path]) => only.some((start) => path.startsWith(start)));
  const wrong = await wrongFiles(folder, Object.fromEntries(read), progress);
  if (wrong.length === 0) return;
  throw new UserError(
    `Cannot use the prepared data in ${folder}: files of it are damaged\n  ${wrong.join('\n  ')}\n` +
      '  prepare it again (dupn preprocess --force), or put whole copies of them there',
  );
}
