/** What became of the rows of the sample tables, and how the requests divide. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { rowsOf } from '../common/database.js';
import { type Manifest, type RowCounts, SPLITS } from '../common/prepared.js';
import type { Config } from '../config/schema.js';
import { rejectedSampleSql } from './requests.js';

export async function requestsBySplit(connection: DuckDBConnection): Promise<Manifest['requestsBySplit']> {
  const rows = await rowsOf<[number, bigint]>(
    connection,
    'SELECT split, count(*) FROM request_rows GROUP BY split',
  );
  const counts = { training: 0, validation: 0, evaluation: 0 };
  for (const [split, count] of rows) counts[SPLITS[split]!] = Number(count);
  return counts;
}

/** The counts of the sample tables with what the plan itself filtered and rejected. */
export async function sampleCounts(
  connection: DuckDBConnection,
  config: Config,
  read: Readonly<Record<string, RowCounts>>,
): Promise<Record<string, RowCounts>> {
  const found = await rowsOf<[number, string | null, string | null, bigint]>(
    connection,
    `SELECT a.task, a.filtered, CASE WHEN a.filtered IS NULL THEN ${rejectedSampleSql(config)} END AS rejected, count(*)
     FROM asked_all a GROUP BY ALL`,
  );
  const entries = Object.keys(config.tasks).map((task, number) => {
    const before = read[`samples/${task}`]!;
    const [filteredBy, rejectedBy] = [{ ...before.filteredBy }, { ...before.rejectedBy }];
    let [kept, filtered, rejected] = [before.kept, before.filtered, before.rejected];
    for (const [of, filter, reject, rows] of found) {
      if (of !== number || (filter === null && reject === null)) continue;
      const count = Number(rows);
      kept -= count;
      if (filter !== null) {
        filteredBy[filter] = (filteredBy[filter] ?? 0) + count;
        filtered += count;
      } else {
        rejectedBy[reject!] = (rejectedBy[reject!] ?? 0) + count;
        rejected += count;
      }
    }
    return [
      `samples/${task}`,
      { read: before.read, kept, rejected, filtered, rejectedBy, filteredBy },
    ] as const;
  });
  return Object.fromEntries(entries);
}
