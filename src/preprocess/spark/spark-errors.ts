/** What goes wrong with Spark, told as what the user can mend, with what Spark itself said. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { UserError } from '../../common/errors.js';
import type { Config } from '../../config/schema.js';

/** How Spark was started, and where what it prints is kept. */
export interface Submitted {
  readonly settings: Config['preprocess']['spark'];
  readonly logFile: string;
}

/** Of the log of Spark, in a message. */
const MAX_LOG_LINES = 5;
const MAX_LINE = 1000;
const LOG_BYTES = 1 << 18;

export function notStarted(error: NodeJS.ErrnoException, { settings: { submit } }: Submitted): UserError {
  const got = error.code === 'ENOENT' ? 'there is no such program' : error.message;
  return new UserError(
    `Cannot start Spark: required ${submit} (preprocess.spark.submit), got: ${got}\n` +
      '  install Spark 3.5 or later with Java, or name its bin/spark-submit',
    { cause: error },
  );
}

export function hasEnded(how: string, settings: Submitted): UserError {
  return withLog(`Cannot go on with Spark: ${submitted(settings)} ended with ${how}`, [], settings);
}

/** Spark was there, and the cluster was not: what tells is in the log rather than in the exception. */
export function hasNoSession(reasons: readonly string[], settings: Submitted): UserError {
  return withLog(`Cannot start Spark: ${submitted(settings)} has no session`, reasons, settings);
}

const submitted = ({ settings: { submit, master } }: Submitted) =>
  master === undefined ? submit : `${submit} (master ${master})`;

function withLog(text: string, reasons: readonly string[], { logFile }: Submitted): UserError {
  const lines = [...reasons, ...tellingLines(logFile)].map((line) => `  ${line}`);
  return new UserError([text, ...lines, `All that it said is in ${logFile}`].join('\n'));
}

export function saidBySpark(subject: string, reasons: readonly string[], { logFile }: Submitted): UserError {
  const lines = reasons.map((reason) => `  ${reason}`);
  return new UserError(
    [`Cannot read ${subject} by Spark:`, ...lines, `All that it said is in ${logFile}`].join('\n'),
  );
}

/** The last lines that tell of an error; without any, the last lines. */
function tellingLines(logFile: string): readonly string[] {
  const lines = endOf(logFile)
    .split('\n')
    .filter((line) => line.trim() !== '');
  const telling = lines.filter(
    (line) => /\bERROR\b|\bFailed to\b|Exception\b|Error\b.*:/.test(line) && !/^\s+at /.test(line),
  );
  const last = [...new Set(telling.length > 0 ? telling : lines)].slice(-MAX_LOG_LINES);
  return last.map((line) => line.slice(0, MAX_LINE));
}

/** The last part of a file that may be large. */
function endOf(path: string): string {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const bytes = Buffer.alloc(Math.min(size, LOG_BYTES));
    readSync(file, bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString();
  } finally {
    closeSync(file);
  }
}
