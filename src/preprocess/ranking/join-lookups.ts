/** Columns of many tables joined to the rows of one, in as much memory as a few hash tables take. */

/** What is looked up together for the rows of a table, which is `a` in conditions. */
export interface Lookup {
  readonly columns: readonly string[];
  /** Table -> by what it is joined, under its own name. */
  readonly tables: Readonly<Record<string, string>>;
}

/**
 * Makes the table `to`: the rows of `from` with the columns of all lookups, the narrow ones first, as each step copies what those before
 * it found. Every join holds a hash table in memory, so that all of them in one statement would need ever more of it. The tables
 * that are joined are dropped.
 */
export function joinLookupsSql(from: string, to: string, lookups: readonly Lookup[]): string[] {
  const nameOf = (step: number) => {
    if (step === 0) return from;
    return step === lookups.length ? to : `${to}_${step}`;
  };
  return lookups.flatMap(({ columns, tables }, step) => {
    const joins = Object.entries(tables).map(([table, condition]) => `LEFT JOIN ${table} ON ${condition}`);
    return [
      `CREATE TABLE ${nameOf(step + 1)} AS SELECT a.*, ${columns.join(', ')} FROM ${nameOf(step)} a ${joins.join('\n')}`,
      ...[nameOf(step), ...Object.keys(tables)].map((table) => `DROP TABLE ${table}`),
    ];
  });
}
