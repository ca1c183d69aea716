/** Whether a file has the columns that the config names. */
import { UserError } from '../../common/errors.js';
import { suggest } from '../../common/suggest.js';
import { neededColumns, type TableSpec } from './table-spec.js';

/**
 * @throws UserError that names each missing column, with the file's own columns, and columns that are needed and
 * stand there twice.
 */
export function checkColumns(spec: TableSpec, names: readonly string[], shownPath: string): void {
  const problems = columnProblems(spec, names);
  if (problems.length === 0) return;
  const listed = names.map((name) => JSON.stringify(name)).join(', ');
  throw new UserError(
    `Cannot read the table \`${spec.name}\`: ${problems.join('; ')} (${shownPath}:1). Its columns are ${listed || 'none'}`,
  );
}

function columnProblems(spec: TableSpec, names: readonly string[]): readonly string[] {
  return neededColumns(spec).flatMap((column) => {
    const count = names.filter((name) => name === column).length;
    if (count === 1) return [];
    if (count > 1) return [`the column \`${column}\` stands there ${count} times`];
    const keys = spec.keys?.get(column) ?? [];
    const asked = keys.length === 0 ? '' : ` (asked for by ${keys.join(', ')})`;
    return [`required the column \`${column}\`, got none of that name${suggest(column, names)}${asked}`];
  });
}

/** Columns of the file that the config does not name. */
export function unusedColumns(spec: TableSpec, names: readonly string[]): readonly string[] {
  const needed = neededColumns(spec);
  return names.filter((name) => !needed.includes(name));
}
