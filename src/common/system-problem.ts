/** What the machine refuses (a full disk, a folder that may not be written to), told as what the user can mend. */
import { UserError } from './errors.js';

/** Code of an error of the operating system -> what it says, and what to do. */
const PROBLEMS: Readonly<Record<string, readonly [problem: string, remedy: string]>> = {
  ENOSPC: ['no space is left on the disk', 'make room there'],
  EDQUOT: ['the quota of the disk is used up', 'make room there'],
  EROFS: ['the file system is read-only', 'name a folder elsewhere, or mount it for writing'],
  EACCES: ['this user has no right to it', 'change its permissions, or name a folder elsewhere'],
  EPERM: ['this user has no right to it', 'change its permissions, or name a folder elsewhere'],
  ENOTDIR: ['a part of the path is a file, where a folder is needed', 'name a folder elsewhere'],
  EISDIR: ['a folder stands where a file is needed', 'name another file'],
  ENAMETOOLONG: ['a name of the path is too long', 'name another place'],
  ELOOP: ['links of the path lead in a circle', 'name another place'],
  EBUSY: ['it is in use, as a folder is that a disk is mounted on', 'name a folder inside it'],
  EXDEV: ['what stands beside it is on another disk', 'name a folder inside it'],
  EEXIST: ['something else is there already', 'name a folder elsewhere'],
  EMFILE: ['too many files are open', 'raise the limit (ulimit -n)'],
  ENFILE: ['too many files are open on this machine', 'close other programs'],
  EIO: ['the disk cannot be read or written', 'look into the disk'],
  ENOMEM: [
    'this machine has no memory left',
    'close other programs, or take less (preprocess.memoryLimit, train.batchRequests, model.maxEvents)',
  ],
  MEMORY_LIMIT: [
    'DuckDB needs more memory than it may have',
    'raise preprocess.memoryLimit, or lower preprocess.threads',
  ],
};

/** How DuckDB and V8 word them, which have no codes. */
const WORDS: readonly (readonly [pattern: RegExp, code: string])[] = [
  [/No space left on device|failed to offload data block/, 'ENOSPC'],
  [/^Out of Memory Error: .*\(bad allocation\)/, 'ENOMEM'],
  [/^Out of Memory Error/, 'MEMORY_LIMIT'],
  [/Disk quota exceeded/, 'EDQUOT'],
  [/Read-only file system/, 'EROFS'],
  [/Permission denied|Operation not permitted/, 'EACCES'],
  [/Too many open files/, 'EMFILE'],
  [/Array buffer allocation failed|Cannot allocate memory/, 'ENOMEM'],
  [/Not a directory|exists but is not a directory/, 'ENOTDIR'],
];

/** The code of what the machine refused, MEMORY_LIMIT where it was DuckDB itself; undefined for any other error. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || error instanceof UserError) return undefined;
  const { code, message } = error as NodeJS.ErrnoException;
  const found = code ?? WORDS.find(([pattern]) => pattern.test(message))?.[1];
  return found !== undefined && found in PROBLEMS ? found : undefined;
}

/** The message for the user; null for any other error. */
export function systemProblem(error: unknown): string | null {
  const code = systemCode(error);
  if (code === undefined) return null;
  const { path, message } = error as NodeJS.ErrnoException;
  const [what, remedy] = PROBLEMS[code]!;
  const where = path ?? message.split('\n')[0];
  return (
    `Cannot go on: ${what} (${where})\n` +
    `  ${remedy}, then run the command again (dupn train with --resume); what was whole before is as it was`
  );
}
