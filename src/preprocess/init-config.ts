/** A config for a log that nothing is known of: what its head shows is filled in, what it doesn't show is marked. */
import { basename, dirname, resolve } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { wholeNumber } from '../features/whole-number.js';
import { distinct, guessSeparator, type Role } from './init/guess-roles.js';
import {
  columnLine,
  type GuessedTable,
  guessTable,
  pathFrom,
  scalar,
  sourceLines,
  TODO,
  timeLine,
  unusedLine,
} from './init/source-lines.js';

export interface InitInput {
  readonly log: string;
  /** Labelled samples of a task. */
  readonly samples?: string | undefined;
  /** Attributes of items. */
  readonly items?: string | undefined;
  /** Profiles of users. */
  readonly users?: string | undefined;
  /** Where the config will lie: its paths are relative to this. */
  readonly folder: string;
}

/** Embedding sizes of the paper. */
const SIZES = { item: 32, shop: 24, brand: 24, category: 16, tags: 28 } as const;
const ATTRIBUTES = ['shop', 'brand', 'category', 'tags'] as const;
const MAX_SHOWN_VALUES = 12;
/** More values than this are no profile. */
const MAX_PROFILE_VALUES = 100;

/**
 * The text of a YAML file that `preprocess` takes as it is, unless the columns of user, item and time can't be told.
 * What has to be looked at is marked by TODO.
 * @throws UserError for a file that can't be read or has no rows.
 */
export async function initConfig(input: InitInput): Promise<string> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    return await writeConfig(connection, input);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

async function writeConfig(connection: DuckDBConnection, input: InitInput): Promise<string> {
  const guess = (path: string | undefined, wanted: readonly Role[]) =>
    path === undefined ? undefined : guessTable(connection, path, wanted);
  const log = await guessTable(connection, input.log, [
    'user',
    'item',
    'time',
    'behavior',
    'scenario',
    ...ATTRIBUTES,
  ]);
  const items = await guess(input.items, ['item', ...ATTRIBUTES]);
  const users = await guess(input.users, ['user']);
  const samples = await guess(input.samples, ['user', 'item', 'time', 'request', 'label']);
  const root = dirname(log.file.path);
  const attributes = attributeLines(log, items);
  const properties = propertyLines(log);
  const commands = ['validate', 'preprocess', ...(samples ? ['train', 'eval'] : [])];
  const lines = [
    `# A config for ${oneLine(basename(log.file.path))}, guessed from its first ${log.file.rows.length} rows: look at each ${TODO}.`,
    '#',
    ...commands.map((command) => `#   dupn ${command} -c THIS_FILE`),
    '',
    `name: ${nameOf(log.file.path)}`,
    '',
    'data:',
    `  root: ${scalar(pathFrom(resolve(input.folder), root))}`,
    `  timeZone: UTC # ${TODO}: of the days, and of times without an offset`,
    ...indent(2, wholeNumberLine([log, items, users, samples])),
    '  log:',
    ...indent(4, sourceLines(log, root)),
    ...indent(4, columnLine(log, 'user', 'user', 'user_id')),
    ...indent(4, columnLine(log, 'item', 'item', 'item_id')),
    `    ${await timeLine(connection, log)}`,
    ...indent(4, keepLines(log)),
    ...indent(4, unusedLine(log, [...namesOf(log), ...attributes.columns])),
    ...tableLines('items', items, 'item', root, attributes.columns),
    ...tableLines('users', users, 'user', root, users ? profiles(users) : []),
    '',
    'features:',
    '  item:',
    `    item: { size: ${SIZES.item} }`,
    ...indent(4, attributes.lines),
    '  properties:',
    ...indent(4, properties),
    ...(users ? ['  user:', ...indent(4, profiles(users).map(profileLine))] : []),
    '',
    'split:',
    `  evaluationLastDays: 1 # ${TODO}: or evaluationFrom with a date`,
    '',
    ...(samples ? await taskLines(connection, samples, root) : NO_TASK),
  ];
  return `${lines.join('\n')}\n`;
}

/** Ids and attributes that are floats in one of the tables, and would not be found in another that has them as whole numbers. */
function wholeNumberLine(tables: readonly (GuessedTable | undefined)[]): string[] {
  for (const table of tables) {
    for (const role of ['user', 'item', 'request', ...ATTRIBUTES] as const) {
      const column = table?.roles[role]?.column;
      if (column === undefined) continue;
      const values = table!.file.rows.map((row) => row[column]!).filter((value) => value !== '');
      const floats = values.filter((value) => wholeNumber(value) !== value);
      if (floats.length === 0 || 2 * floats.length < values.length) continue;
      return [
        `wholeNumbers: true # ${floats[0]} in ${scalar(table!.names[column]!)} is read as ${wholeNumber(floats[0]!)}`,
      ];
    }
  }
  return [];
}

/** Names of the columns that have a role. */
function namesOf({ roles, names }: GuessedTable): string[] {
  return Object.values(roles).map(({ column }) => names[column]!);
}

function tableLines(
  key: 'items' | 'users',
  table: GuessedTable | undefined,
  role: 'item' | 'user',
  root: string,
  used: readonly string[],
): string[] {
  if (!table) return [];
  const lines = [
    ...sourceLines(table, root),
    ...columnLine(table, role, role, `${role}_id`),
    ...unusedLine(table, [...namesOf(table), ...used]),
  ];
  return [`  ${key}:`, ...indent(4, lines)];
}

/** The item fields beside the id, from the items table where that has them, and their columns. */
function attributeLines(
  log: GuessedTable,
  items: GuessedTable | undefined,
): { lines: string[]; columns: string[] } {
  const columns: string[] = [];
  const lines = ATTRIBUTES.flatMap((role) => {
    const table = items?.roles[role] ? items : log;
    const guess = table.roles[role];
    if (!guess) return [];
    const name = table.names[guess.column]!;
    columns.push(name);
    const separator =
      role === 'tags' ? guessSeparator(table.file.rows.map((row) => row[guess.column]!)) : undefined;
    const keys = [
      ...(name === role ? [] : [`column: ${scalar(name)}`]),
      ...(items && table === log ? ['from: log'] : []),
      `size: ${SIZES[role]}`,
      ...(separator === undefined ? [] : [`separator: ${JSON.stringify(separator)}`]),
    ];
    const note = guess.isByContent ? ` # ${TODO}: guessed, as each item has one value` : '';
    return [`${role}: { ${keys.join(', ')} }${note}`];
  });
  return { lines, columns };
}

function propertyLines({ roles, names }: GuessedTable): string[] {
  const fields = (['behavior', 'scenario'] as const).flatMap((role) => {
    const guess = roles[role];
    if (!guess) return role === 'behavior' ? [`# ${TODO}: no column of behaviours was found`] : [];
    const name = names[guess.column]!;
    return [`${role}: ${name === role ? '{}' : `{ column: ${scalar(name)} }`}`];
  });
  return [...fields, 'partOfDay: { time: partOfDay }', 'weekend: { time: weekend }'];
}

/** The behaviours that are there, as a comment that becomes a filter. */
function keepLines({ file, roles, names }: GuessedTable): string[] {
  const guess = roles.behavior;
  if (!guess) return [];
  const counts = new Map<string, number>();
  for (const row of file.rows) counts.set(row[guess.column]!, (counts.get(row[guess.column]!) ?? 0) + 1);
  const found = [...counts].sort(([, a], [, b]) => b - a).slice(0, MAX_SHOWN_VALUES);
  return [
    `# behaviours found: ${found.map(([value, rows]) => `${oneLine(value) || '(empty)'} ${rows}`).join(', ')}; to keep some of them:`,
    `# keep: { ${scalar(names[guess.column]!)}: [${found.map(([value]) => scalar(value)).join(', ')}] }`,
  ];
}

/** Columns of the profile table that have few values. */
function profiles({ file, roles, names }: GuessedTable): string[] {
  return names.filter((_, column) => {
    const values = file.rows.map((row) => row[column]!);
    return (
      column !== roles.user?.column && distinct(values) <= Math.min(MAX_PROFILE_VALUES, file.rows.length / 2)
    );
  });
}

function profileLine(name: string, index: number): string {
  const isSafe = /^[A-Za-z][A-Za-z0-9_-]*$/.test(name);
  return isSafe
    ? `${name}: { from: users }`
    : `profile${index + 1}: { column: ${scalar(name)}, from: users }`;
}

async function taskLines(
  connection: DuckDBConnection,
  samples: GuessedTable,
  root: string,
): Promise<string[]> {
  const { file, roles, names } = samples;
  const request = roles.request && `request: ${scalar(names[roles.request.column]!)}`;
  const label = roles.label ? file.rows.map((row) => row[roles.label!.column]!) : [];
  const rates = `${label.filter((value) => value === '1').length} of the first ${label.length} labels are 1`;
  const lines = [
    ...sourceLines(samples, root),
    ...(request ? [request] : [`# request: the column of the request id, where there is one`]),
    ...columnLine(samples, 'user', 'user', 'user_id'),
    await timeLine(connection, samples),
    ...columnLine(samples, 'item', 'candidate', ''),
    ...columnLine(samples, 'label', 'label', ''),
    ...unusedLine(samples, namesOf(samples)),
  ];
  return [
    'tasks:',
    `  ctr: # ${TODO}: its name; ${rates}`,
    '    kind: binary',
    '    samples:',
    ...indent(6, lines),
  ];
}

const NO_TASK = [
  `# ${TODO}: training needs a task, with a table of samples (who was shown what, when, and what came of it) as below,`,
  '# or with labels out of the log (docs/labels.md, configs/labels.yaml).',
  'tasks: {}',
  '# tasks:',
  '#   ctr:',
  '#     kind: binary',
  '#     samples:',
  '#       files: impressions.csv',
  '#       request: request_id',
  '#       user: user_id',
  '#       time: time',
  '#       candidate: item_id',
  '#       label: label',
];

function nameOf(path: string): string {
  const name = basename(path)
    .replace(/\..*$/, '')
    .replaceAll(/[^A-Za-z0-9_-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '');
  return scalar(name || 'log');
}

/** For comments, which end with the line. */
function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

function indent(width: number, lines: readonly string[]): string[] {
  return lines.map((line) => ' '.repeat(width) + line);
}
