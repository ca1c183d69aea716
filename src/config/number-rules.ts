/** The rules of the numbers of items and of entities: where their columns are, and how they may be called. */
import type { Path } from './origin.js';
import { problem, type RuleProblem } from './rule-problem.js';
import type { Config } from './schema.js';

/** What has numbers beside its fields. */
interface Numbered {
  readonly numbers: readonly [Path, object];
  readonly fields: readonly [Path, object];
  /** Whether there is a table that holds the columns. */
  readonly hasTable: boolean;
  /** The key of the table, and what is expected of it. */
  readonly table: readonly [Path, string];
  /** Columns that the Parquet file of the rows has anyway (docs/prepared-format.md). */
  readonly taken: readonly string[];
}

export function numberRules({ data, features, entities }: Config): RuleProblem[] {
  const items: Numbered = {
    numbers: [['features', 'itemNumbers'], features.itemNumbers],
    fields: [['features', 'item'], features.item],
    hasTable: data.items !== undefined,
    table: [['data', 'items'], 'data.items, the table that holds its column'],
    taken: ['row', 'item_id'],
  };
  const judged = Object.entries(entities).map(([name, { fields, numbers, table }]): Numbered => {
    const path: Path = ['entities', name];
    return {
      numbers: [[...path, 'numbers'], numbers],
      fields: [[...path, 'fields'], fields],
      hasTable: table !== undefined,
      table: [[...path, 'table'], `a table of the ${name} that holds its column`],
      taken: ['row'],
    };
  });
  return [items, ...judged].flatMap(rulesOf);
}

/** Fields and numbers are columns of one Parquet file, whose names DuckDB tells apart by letters and not by case. */
function rulesOf({ numbers, fields, hasTable, table, taken }: Numbered): RuleProblem[] {
  const [path, declared] = numbers;
  const names = Object.keys(declared);
  return names.flatMap((name, at) => {
    const own = [...path, name];
    const problems = hasTable ? [] : [problem(own, `expected ${table[1]}, got none`, [table[0]])];
    const alike = (other: string) => other.toLowerCase() === name.toLowerCase();
    const field = Object.keys(fields[1]).find(alike);
    const earlier = names.slice(0, at).find(alike);
    if (field !== undefined) {
      const key = [...fields[0], field];
      const text = `expected another name than a field has, got that of ${key.join('.')}`;
      problems.push(problem(own, text, [key]));
    } else if (earlier !== undefined) {
      problems.push(problem(own, `expected a name that differs from ${earlier} by more than case`));
    } else if (taken.some(alike)) {
      problems.push(
        problem(own, `expected another name than ${taken.join(' and ')}, which are there anyway`),
      );
    }
    return problems;
  });
}
