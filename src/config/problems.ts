/** What is wrong with a config, all of it in one error. */
import { UserError } from '../common/errors.js';
import { printable } from '../common/printable.js';
import type { Origin } from './origin.js';

export interface Problem {
  readonly origin: Origin;
  /** Dotted path of the key; empty for the file as a whole. */
  readonly path: string;
  readonly text: string;
}

const MAX_LISTED = 50;

/** One line for each problem, in reading order: `file:line:column path: expected ..., got ...`. */
export function configError(file: string, problems: readonly Problem[]): UserError {
  const lines = [...problems]
    .sort((a, b) => a.origin.rank - b.origin.rank || a.origin.offset - b.origin.offset)
    .map(({ origin, path, text }) => `  ${origin.label}${path && ` ${printable(path)}`}: ${text}`);
  const distinct = [...new Set(lines)];
  const more = distinct.length - MAX_LISTED;
  return new UserError(
    [
      `Cannot use the config ${file}: ${distinct.length === 1 ? 'one problem' : `${distinct.length} problems`}`,
      ...distinct.slice(0, MAX_LISTED),
      ...(more > 0 ? [`  and ${more} more`] : []),
    ].join('\n'),
  );
}
