/** What is said about rejected rows: a warning, or the end of the run. */
import { UserError } from '../../common/errors.js';
import type { RowCounts } from '../../common/prepared.js';
import { OTHER_ENCODING } from './other-encoding.js';
import { MAX_LISTED, type Reject, type RejectsFile } from './rejects-file.js';

const MAX_SHOWN_TEXT = 120;

/** Shows the first of the rejects. */
export function tooManyRejects(
  table: string,
  { read, rejected, rejectedBy }: RowCounts,
  maxRejectRatio: number,
  { first, isWhole }: Pick<RejectsFile, 'first' | 'isWhole'>,
  rejectsFile: string,
): UserError {
  const examples = first.map(describeReject);
  const isEncoding = 2 * (rejectedBy['bad UTF-8'] ?? 0) > rejected;
  return new UserError(
    [
      `Cannot read the table \`${table}\`: required at most ${percent(maxRejectRatio)} malformed rows ` +
        `(data.maxRejectRatio), got ${percent(rejected / read)}, ${rejected} of ${read}`,
      `  ${describeCounts(rejectedBy)}`,
      ...examples,
      ...(isEncoding ? [`Here ${OTHER_ENCODING}`] : []),
      `${isWhole ? 'All' : `The first ${MAX_LISTED}`} of them are listed in ${rejectsFile}. Mend the file or the config, or raise data.maxRejectRatio.`,
    ].join('\n'),
  );
}

/** `  log.csv:17 bad time in time: u1,i1,yesterday` */
export function describeReject({ file, line, column, reason, text }: Reject): string {
  const shown = text.length > MAX_SHOWN_TEXT ? `${text.slice(0, MAX_SHOWN_TEXT)}...` : text;
  return `  ${file}:${line} ${reason}${column === '' ? '' : ` in ${column}`}: ${shown.replaceAll(/[\r\n]+/g, ' ')}`;
}

/** `12 bad time, 3 empty value`, the most frequent first. */
export function describeCounts(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([reason, count]) => `${count} ${reason}`)
    .join(', ');
}

export function percent(ratio: number): string {
  return `${Number((100 * ratio).toPrecision(3))} %`;
}
