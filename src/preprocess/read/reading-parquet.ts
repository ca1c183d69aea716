/** What fails where a Parquet file is damaged, as an error that names it. */
import { messageOf, UserError } from '../../common/errors.js';
import type { InputFile } from './input-files.js';

/** DuckDB's kinds of errors of what it reads; others are of the SQL or of the machine. */
const OF_THE_FILE = /^(Invalid|IO|Serialization|Not implemented)\b.*Error/;

/** @throws UserError for a file that is no Parquet, cut off or damaged */
export async function readingParquet<T>({ shownPath }: InputFile, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const [reason] = messageOf(error).split('\n');
    if (error instanceof UserError || !OF_THE_FILE.test(reason!)) throw error;
    throw new UserError(`Cannot read ${shownPath}: required a whole Parquet file, got ${reason}`, {
      cause: error,
    });
  }
}
