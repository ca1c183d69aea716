/**
 * What tasks judge besides items (shops, icons): one row for each id of the entity's table and of the samples, with
 * the values of its fields as rows of vocabularies, its own or those of the item fields that it shares.
 */
import type { Config, EntityField, SampleSource } from '../config/schema.js';
import type { Encoding } from './carried.js';
import { type Inputs, numberColumns, splitSql, text } from './items.js';
import { addedUp, createVocabularySql, lookUp, vocabularyTable } from './vocabulary.js';

/** `entity_<n>` (row, id, f<k> of the k-th field, nullable text, x<k> of the k-th number), rows numbered by id. */
export const entityTable = (entity: number): string => `entity_${entity}`;

/** `entity_<n>_values_<k>` (row, place, idx): what the k-th field of the rows points at. */
export const entityValues = (entity: number, field: number): string => `entity_${entity}_values_${field}`;

/** Numbers of the tasks that judge `candidate` (item or an entity), as a list in SQL; NULL for none. */
export function tasksJudging({ tasks }: Config, candidate: string): string {
  const judging = Object.values(tasks).flatMap((task, number) =>
    task.kind !== 'multiclass' && task.candidate === candidate ? [number] : [],
  );
  return judging.length > 0 ? judging.join(', ') : 'NULL';
}

export function createEntitiesSql(config: Config, { entities, samples }: Inputs): string[] {
  return Object.entries(config.entities).flatMap(([name, { id, fields, numbers }], number) => {
    const table = entities[name];
    const columns = Object.entries(fields).map(([field, { column }], at) => ({ field, column, at }));
    const attributes = columns.filter(({ field }) => field !== name);
    const asked = Object.entries(samples).flatMap(([task, source]) => {
      const settings = config.tasks[task]!;
      const { candidate }: SampleSource = settings.samples;
      const judged = settings.kind !== 'multiclass' && settings.candidate === name;
      return judged ? [`SELECT ${text(source, candidate!)} AS id FROM ${source.table}`] : [];
    });
    const ids = [...(table ? [`SELECT ${text(table, id)} AS id FROM ${table.table}`] : []), ...asked];
    const known = ids.length > 0 ? ids.join(' UNION ALL ') : `SELECT CAST(NULL AS VARCHAR) AS id WHERE false`;
    const selected = [
      'ids.id AS id',
      ...columns.map(({ field, at }) => `${field === name ? 'ids.id' : `known.f${at}`} AS f${at}`),
      ...Object.keys(numbers).map((_, at) => `known.x${at}`),
    ];
    // The first row of an id that the table names twice.
    const join = table
      ? `LEFT JOIN (SELECT ${[
          `${text(table, id)} AS id`,
          ...attributes.map(({ column, at }) => `${text(table, column)} AS f${at}`),
          ...numberColumns(numbers, table, table.table),
          `row_number() OVER (PARTITION BY ${text(table, id)} ORDER BY rowid) AS place`,
        ].join(', ')} FROM ${table.table}) known ON known.id = ids.id AND known.place = 1`
      : '';
    return [
      `CREATE TABLE ${entityTable(number)} AS
        SELECT CAST(row_number() OVER (ORDER BY id) - 1 AS INTEGER) AS "row", *
        FROM (SELECT ${selected.join(', ')} FROM (SELECT DISTINCT id FROM (${known}) every) ids ${join}) complete`,
    ];
  });
}

/** The vocabularies of fields that share none, from the training samples (of all preparations), and the values of all fields. */
export function createEntityFieldsSql(config: Config, encoding: Encoding): string[] {
  return Object.entries(config.entities).flatMap(([name, { fields }], number) =>
    Object.entries(fields).flatMap(([field, settings], at) => {
      const rows = entityTable(number);
      const values =
        settings.separator === undefined
          ? `SELECT "row", 1 AS place, f${at} AS value FROM ${rows}`
          : splitSql(`f${at}`, settings.separator, { table: rows, row: '"row"' });
      const raw = `entity_${number}_text_${at}`;
      const group = `entity_${number}` as const;
      const { vocabulary, rule } = vocabularyOf(config, number, at, field, settings);
      const counts = `SELECT x.value, count(*) AS n FROM ${raw} x JOIN sample_rows s ON s.candidate = x."row"
        JOIN request_rows r USING (request)
        WHERE s.task IN (${tasksJudging(config, name)}) AND r.split < 2 GROUP BY x.value`;
      const { join, index } = lookUp(rule, vocabulary, 'v', 'x.value');
      return [
        `CREATE TABLE ${raw} AS ${values}`,
        ...(settings.shares === undefined
          ? [
              createVocabularySql(
                { group, field: at, grows: encoding.grows(group, at) },
                addedUp(counts, group, at),
                settings,
              ),
            ]
          : []),
        `CREATE TABLE ${entityValues(number, at)} AS SELECT x."row", x.place, ${index} AS idx FROM ${raw} x ${join}`,
      ];
    }),
  );
}

/** The vocabulary that a field of an entity reads, its own or that of the item field that it shares. */
function vocabularyOf(config: Config, entity: number, at: number, name: string, field: EntityField) {
  if (field.shares === undefined) {
    return {
      vocabulary: vocabularyTable(`entity_${entity}`, at),
      rule: { name, buckets: field.buckets },
    };
  }
  const { buckets } = config.features.item[field.shares]!;
  const shared = Object.keys(config.features.item).indexOf(field.shares);
  return { vocabulary: vocabularyTable('item', shared), rule: { name: field.shares, buckets } };
}
