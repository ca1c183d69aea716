/** The rules of how tables are read; without a header line, every column that the config names is one of `columns`. */

import type { Path } from './origin.js';
import { problem, type RuleProblem } from './rule-problem.js';
import type { Config, SampleSource } from './schema.js';

/** A table that the config names columns of: what it reads, and where the reading key stands. */
interface TableUse {
  readonly path: Path;
  readonly table: Pick<SampleSource, 'format' | 'columns' | 'delimiter' | 'quote'>;
  readonly reads: readonly (readonly [key: Path, column: string])[];
}

export function columnRules(config: Config): RuleProblem[] {
  return tableUses(config).flatMap(({ path, table, reads }) => {
    const { format, columns, delimiter, quote } = table;
    const problems: RuleProblem[] = [];
    if (columns && (format === 'jsonl' || format === 'parquet')) {
      problems.push(
        problem([...path, 'columns'], `expected none: ${format} names its columns itself`, [
          [...path, 'format'],
        ]),
      );
    }
    if (delimiter !== undefined && format !== 'csv' && format !== 'auto') {
      problems.push(
        problem([...path, 'delimiter'], `expected none with format ${format}`, [[...path, 'format']]),
      );
    }
    if (delimiter !== undefined && delimiter === quote) {
      problems.push(
        problem([...path, 'delimiter'], `expected another character than quote, got ${quote}`, [
          [...path, 'quote'],
        ]),
      );
    }
    if (!columns) return problems;
    const repeated = columns.find((name, index) => columns.indexOf(name) < index);
    if (repeated !== undefined) {
      problems.push(problem([...path, 'columns'], `expected distinct names, got ${repeated} twice`));
    }
    for (const [key, name] of reads) {
      if (columns.includes(name)) continue;
      problems.push(
        problem(
          key,
          `expected one of ${[...path, 'columns'].join('.')} (${columns.join(', ')}), got ${name}`,
          [[...path, 'columns']],
        ),
      );
    }
    return problems;
  });
}

/**
 * Which keys ask for each column of a table, as dotted paths: by the name of the table (log, items, users, entities/<entity>,
 * samples/<task>, predictedCtr), then by column.
 */
export function columnKeys(config: Config): ReadonlyMap<string, ReadonlyMap<string, readonly string[]>> {
  const tables = new Map<string, Map<string, string[]>>();
  for (const { path, reads } of tableUses(config)) {
    const columns = new Map<string, string[]>();
    for (const [key, column] of reads) columns.set(column, [...(columns.get(column) ?? []), key.join('.')]);
    tables.set(tableName(path), columns);
  }
  return tables;
}

function tableName([group, name, part]: Path): string {
  if (group === 'data') return String(name);
  return group === 'features' ? String(part) : `${group === 'tasks' ? 'samples' : group}/${name}`;
}

/** The columns of the log or of the items table that labels are worked out from. */
function eventReads(tasks: Config['tasks'], table: 'log' | 'items') {
  return Object.entries(tasks).flatMap(([name, { labels }]) => {
    if (!labels) return [];
    const path: Path = ['tasks', name, 'labels'];
    const named = (key: string, columns: object) =>
      Object.keys(columns).map((column) => [[...path, key, column], column] as const);
    if ('level' in labels) {
      const { column, from } = labels.level;
      const level = from === table ? [[[...path, 'level', 'column'], column] as const] : [];
      return [...(table === 'log' ? named('next', labels.next) : []), ...level];
    }
    return table === 'log'
      ? [...named('positives', labels.positives), ...named('weightBy', labels.weightBy)]
      : [];
  });
}

function tableUses({ data, features, entities, tasks }: Config): TableUse[] {
  const { ranking } = features;
  const item = Object.entries(features.item).filter(([name]) => name !== 'item');
  const user = Object.entries(features.user);
  type Fields = readonly (readonly [string, { column?: string | undefined }])[];
  const columnsOf = (path: Path, fields: Fields) =>
    fields.flatMap(([name, { column }]) =>
      column === undefined ? [] : [[[...path, name, 'column'], column] as const],
    );
  const fieldKeys = (group: string, fields: Fields) => columnsOf(['features', group], fields);
  const keys = (path: Path, table: object, names: readonly string[]) =>
    names.flatMap((name) => {
      const column = (table as Readonly<Record<string, string | undefined>>)[name];
      return column === undefined ? [] : [[[...path, name], column] as const];
    });
  const times = (path: Path, time: { columns: readonly string[] }) =>
    time.columns.map((column) => [[...path, 'time'], column] as const);
  const uses: TableUse[] = [];
  const log: Path = ['data', 'log'];
  uses.push({
    path: log,
    table: data.log,
    reads: [
      ...keys(log, data.log, ['user', 'item']),
      ...times(log, data.log.time),
      ...Object.keys(data.log.keep).map((column) => [[...log, 'keep', column], column] as const),
      ...eventReads(tasks, 'log'),
      ...keys(['features', 'ranking'], ranking ?? {}, ['behavior']),
      ...keys(['features', 'ranking'], ranking?.priceFrom === 'log' ? ranking : {}, ['price']),
      ...fieldKeys(
        'item',
        item.filter(([, field]) => field.from === 'log'),
      ),
      ...fieldKeys('properties', Object.entries(features.properties)),
      ...fieldKeys(
        'user',
        user.filter(([, field]) => field.from === 'lastEvent'),
      ),
    ],
  });
  if (data.items) {
    const path: Path = ['data', 'items'];
    const fields = item.filter(([, field]) => field.from === 'items');
    uses.push({
      path,
      table: data.items,
      reads: [
        ...keys(path, data.items, ['item']),
        ...fieldKeys('item', fields),
        ...fieldKeys('itemNumbers', Object.entries(features.itemNumbers)),
        ...eventReads(tasks, 'items'),
        ...keys(['features', 'ranking'], ranking?.priceFrom === 'items' ? ranking : {}, ['price']),
        ...keys(['features', 'ranking'], ranking ?? {}, ['rating']),
      ],
    });
  }
  if (data.users) {
    const path: Path = ['data', 'users'];
    const fields = user.filter(([, field]) => field.from === 'users');
    uses.push({
      path,
      table: data.users,
      reads: [...keys(path, data.users, ['user']), ...fieldKeys('user', fields)],
    });
  }
  for (const [name, { id, table, fields, numbers }] of Object.entries(entities)) {
    if (!table) continue;
    const path: Path = ['entities', name];
    const reads = [
      ...columnsOf([...path, 'fields'], Object.entries(fields)),
      ...columnsOf([...path, 'numbers'], Object.entries(numbers)),
    ];
    uses.push({ path: [...path, 'table'], table, reads: [[[...path, 'id'], id], ...reads] });
  }
  if (ranking?.predictedCtr) {
    const path: Path = ['features', 'ranking', 'predictedCtr'];
    const table = ranking.predictedCtr;
    const reads = [...keys(path, table, ['user', 'candidate', 'prediction']), ...times(path, table.time)];
    uses.push({ path, table, reads });
  }
  for (const [name, task] of Object.entries(tasks)) {
    const samples: SampleSource = task.samples;
    if (samples.files.length === 0) continue;
    const path: Path = ['tasks', name, 'samples'];
    const read = ['request', 'user', 'candidate', ...(task.labels ? [] : ['label']), 'weight'];
    uses.push({
      path,
      table: samples,
      reads: [
        ...keys(path, samples, read),
        ...Object.keys(samples.weightBy).map((column) => [[...path, 'weightBy', column], column] as const),
        ...times(path, samples.time),
        ...(samples.features ?? []).map((column) => [[...path, 'features'], column] as const),
        ...keys(
          ['features', 'query'],
          features.query && (features.query.tasks?.includes(name) ?? true) ? features.query : {},
          ['column'],
        ),
        ...samples.keep.map((column) => [[...path, 'keep'], column] as const),
        ...fieldKeys(
          'user',
          user.filter(([, field]) => field.from === 'request' && (field.tasks?.includes(name) ?? true)),
        ),
      ],
    });
  }
  return uses;
}
