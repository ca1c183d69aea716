/** Runs the analysis of an experiment from its options to its report. */

import { AB_COLUMNS, type AbColumn } from '../ab/ab-tables.js';
import { abText } from '../ab/ab-text.js';
import { analyse } from '../ab/analyse.js';
import { UserError } from '../common/errors.js';
import { suggest } from '../common/suggest.js';
import { withDatabase } from '../delivery/database.js';
import type { AbCommandOptions } from './ab.js';
import { namedParts, shares } from './named-parts.js';
import type { Report } from './session.js';

export async function abReport(options: AbCommandOptions, width: number | null): Promise<Report> {
  const { exposures, outcomes, users = null, control = null, split, slice: slices = [] } = options;
  const columns = columnsOf(options.columns);
  const result = await withDatabase((connection) =>
    analyse(
      connection,
      { exposures, outcomes, users, columns, slices },
      { control, shares: split === undefined ? null : shares(split, '--split') },
    ),
  );
  return { json: result, text: abText(result, width) };
}

/** @throws UserError for a name that is none */
function columnsOf(text: string | undefined): Record<AbColumn, string> {
  const columns = Object.fromEntries(AB_COLUMNS.map((name) => [name, name])) as Record<AbColumn, string>;
  for (const [name, column] of text === undefined ? [] : namedParts(text, '--columns')) {
    if (!(AB_COLUMNS as readonly string[]).includes(name))
      throw new UserError(
        `Cannot read --columns: expected ${AB_COLUMNS.join(', ')}, got ${name}${suggest(name, AB_COLUMNS)}`,
      );
    columns[name as AbColumn] = column;
  }
  return columns;
}
