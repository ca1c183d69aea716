/** Item rows: one for each distinct tuple of an item id and its attributes, wherever they come from. */
import { quoteLiteral } from '../common/sql.js';
import type { Config, ItemField, NumberField, SampleSource } from '../config/schema.js';
import type { Encoding } from './carried.js';
import { numberColumn, type TableSpec, textColumn } from './read/table-spec.js';
import { carriedVocabulary, createVocabularySql, lookUp, vocabularyTable } from './vocabulary.js';

/** An attribute of items beside the id. */
export interface Attribute {
  readonly name: string;
  /** Position among the fields of e_t. */
  readonly at: number;
  readonly field: ItemField;
}

export interface IngestedTable {
  readonly spec: TableSpec;
  /** Name in DuckDB. */
  readonly table: string;
}

/**
 * A table of samples. `derived` ones have, beside the columns of the spec, `label` (NULL where nothing decides it),
 * `weight` and `until_us`, the end of the time that the label looks at.
 */
export interface SampleTable extends IngestedTable {
  readonly derived: boolean;
}

export interface Inputs {
  readonly log: IngestedTable;
  readonly items: IngestedTable | null;
  readonly users: IngestedTable | null;
  /** Entity -> its table, of those that have one. */
  readonly entities: Readonly<Record<string, IngestedTable>>;
  /** Task -> its sample table. */
  readonly samples: Readonly<Record<string, SampleTable>>;
  /** Predictions of an earlier run; null where the config names none. */
  readonly predictedCtr: IngestedTable | null;
}

export const text = ({ spec }: IngestedTable, column: string): string => textColumn(spec, column);
export const number = ({ spec }: IngestedTable, column: string): string => numberColumn(spec, column);

/** The fields of e_t but the item id itself. */
export function attributesOf(config: Config): Attribute[] {
  return Object.entries(config.features.item)
    .map(([name, field], at) => ({ name, at, field }))
    .filter(({ name }) => name !== 'item');
}

/** Columns x<k> of the k-th number, DOUBLE and nullable, of the rows of a table; `alias` is its name in the query. */
export function numberColumns(
  numbers: Readonly<Record<string, NumberField>>,
  table: IngestedTable | null,
  alias: string,
): string[] {
  return Object.values(numbers).map(({ column }, at) => `${alias}.${number(table!, column)} AS x${at}`);
}

/** Equal, with NULL equal to NULL: an empty attribute is a value like any other. */
const same = (a: string, b: string) => `${a} IS NOT DISTINCT FROM ${b}`;

/** `item_table`: the first row of each item of the items table, with the columns of that table. */
export function createItemTableSql(config: Config, { items }: Inputs): string[] {
  if (!items) return [];
  const id = text(items, config.data.items!.item);
  return [
    `CREATE TABLE item_table AS SELECT * EXCLUDE (place) FROM (
       SELECT *, row_number() OVER (PARTITION BY ${id} ORDER BY rowid) AS place FROM ${items.table}) numbered
     WHERE place = 1`,
  ];
}

/**
 * Makes `item_rows` (item, item_id, a<k> for the k-th field, nullable text, x<k> for the k-th number): numbered by item
 * id, then by the attributes in config order, the missing value first; after those of an earlier preparation
 * (`carried_items`), which keep their numbers, and what they had where the items table no longer names the item.
 */
export function createItemsSql(config: Config, inputs: Inputs): string[] {
  const { log, items, samples } = inputs;
  const attributes = attributesOf(config);
  const fromLog = attributes.filter(({ field }) => field.from === 'log');
  const columns = attributes.map(({ at }) => `a${at}`);
  const inLog = [
    `${text(log, config.data.log.item)} AS item_id`,
    ...fromLog.map(({ at, field }) => `${text(log, field.column)} AS a${at}`),
  ];
  const others = [
    ...(items ? [`SELECT ${text(items, config.data.items!.item)} AS item_id FROM ${items.table}`] : []),
    ...Object.entries(samples).flatMap(([task, table]) => {
      const settings = config.tasks[task]!;
      const { candidate }: SampleSource = settings.samples;
      return candidate === undefined || settings.kind === 'multiclass' || settings.candidate !== 'item'
        ? []
        : [`SELECT ${text(table, candidate)} AS item_id FROM ${table.table}`];
    }),
  ];
  const missing = fromLog.map(({ at }) => `CAST(NULL AS VARCHAR) AS a${at}`);
  const unseen =
    others.length > 0
      ? `UNION ALL SELECT DISTINCT ${['item_id', ...missing].join(', ')} FROM (${others.join(' UNION ALL ')}) other
         WHERE item_id NOT IN (SELECT item_id FROM log_tuples)`
      : '';
  const ofLog = ['item_id', ...fromLog.map(({ at }) => `a${at}`)];
  const id = items && `item_table.${text(items, config.data.items!.item)}`;
  const joins = [
    `LEFT JOIN carried_items c ON ${ofLog.map((column) => same(`c.${column}`, `tuples.${column}`)).join(' AND ')}`,
    ...(id ? [`LEFT JOIN item_table ON ${id} = tuples.item_id`] : []),
  ];
  const known = (column: string, name: string) =>
    `CASE WHEN ${id} IS NULL THEN c.${name} ELSE ${column} END AS ${name}`;
  const values = [
    ...attributes.map(({ at, field }) =>
      field.from === 'log' ? `tuples.a${at}` : known(`item_table.${text(items!, field.column)}`, `a${at}`),
    ),
    ...Object.values(config.features.itemNumbers).map(({ column }, at) =>
      known(`item_table.${number(items!, column)}`, `x${at}`),
    ),
  ];
  const order = ['item_id', ...columns.map((c) => `${c} NULLS FIRST`)].join(', ');
  return [
    `CREATE TABLE log_tuples AS SELECT DISTINCT ${inLog.join(', ')} FROM ${log.table}`,
    `CREATE TABLE item_rows AS
       SELECT CAST(coalesce(carried, row_number() OVER (PARTITION BY carried IS NULL ORDER BY ${order}) - 1
           + (SELECT count(*) FROM carried_items)) AS INTEGER) AS item, * EXCLUDE (carried)
       FROM (SELECT ${['c.item AS carried', 'tuples.item_id AS item_id', ...values].join(', ')}
         FROM (SELECT ${ofLog.join(', ')} FROM log_tuples ${unseen}
           UNION SELECT ${ofLog.join(', ')} FROM carried_items) tuples ${joins.join(' ')}) complete`,
  ];
}

/** Joins rows of the log to `item_rows`. */
export function joinItems(config: Config, log: IngestedTable, logAlias: string): string {
  const matches = attributesOf(config)
    .filter(({ field }) => field.from === 'log')
    .map(({ at, field }) => same(`item_rows.a${at}`, `${logAlias}.${text(log, field.column)}`));
  const id = `item_rows.item_id = ${logAlias}.${text(log, config.data.log.item)}`;
  return `JOIN item_rows ON ${[id, ...matches].join(' AND ')}`;
}

/**
 * Makes the vocabularies of the item fields from `item_counts` (item, events, samples): how often each row came up in
 * the training period, and `item_values_<k>` (item, place, idx) of each field. What the log never shows is counted over
 * samples, those of earlier preparations included.
 */
export function createItemFieldsSql(config: Config, encoding: Encoding): string[] {
  return Object.entries(config.features.item).flatMap(([name, field], at) => {
    const vocabulary = vocabularyTable('item', at);
    const raw = name === 'item' ? 'item_id' : `a${at}`;
    const values =
      field.separator === undefined
        ? `SELECT item, 1 AS place, ${raw} AS value FROM item_rows`
        : splitSql(raw, field.separator, { table: 'item_rows', row: 'item' });
    const shown = `SELECT value, CAST(sum(events) AS BIGINT) AS events, CAST(sum(samples) AS BIGINT) AS samples
      FROM item_text_${at} JOIN item_counts USING (item) GROUP BY value`;
    const counts = `SELECT coalesce(s.value, c.value) AS value,
        CASE WHEN s.events > 0 THEN s.events ELSE coalesce(s.samples, 0) + coalesce(c.count, 0) END AS n
      FROM (${shown}) s FULL JOIN ${carriedVocabulary('item', at)} c ON c.value = s.value`;
    const { join, index } = lookUp({ name, buckets: field.buckets }, vocabulary, 'v', 'x.value');
    return [
      `CREATE TABLE item_text_${at} AS ${values}`,
      createVocabularySql({ group: 'item', field: at, grows: encoding.grows('item', at) }, counts, field),
      `CREATE TABLE item_values_${at} AS SELECT x.item, x.place, ${index} AS idx FROM item_text_${at} x ${join}`,
    ];
  });
}

/** The values of a multi-valued column, each once, in the order in which they stand. */
export function splitSql(
  column: string,
  separator: string,
  { table, row }: { readonly table: string; readonly row: string },
): string {
  const literal = quoteLiteral(separator);
  return `SELECT ${row}, min(place) AS place, value FROM (
      SELECT ${row}, unnest(string_split(${column}, ${literal})) AS value,
        generate_subscripts(string_split(${column}, ${literal}), 1) AS place
      FROM ${table} WHERE ${column} IS NOT NULL) split
    WHERE value <> '' GROUP BY ${row}, value`;
}
