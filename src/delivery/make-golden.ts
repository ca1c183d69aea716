/** Golden requests out of prepared data: their numbers turned back into the values that they stand for. */
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { mapValues } from '../common/map-values.js';
import { type FieldManifest, MISSING_INDEX, preparedPaths } from '../common/prepared.js';
import { createBatchBuilder } from '../dataset/batch-builder.js';
import { type Names, openNames } from '../dataset/names.js';
import { type PreparedData, splitRange } from '../dataset/prepared.js';
import { findEvents } from '../dataset/user-streams.js';
import { fieldIndex } from '../features/field-index.js';
import { propertyIndex } from '../features/property-code.js';
import { scoreBatch } from '../model/score.js';
import { parquetSql, rowsOfQuery } from './database.js';
import type { GoldenRequest } from './golden.js';
import type { OpenModel } from './open-model.js';
import type { RawEvent, RawRow, RawSample } from './raw-request.js';

/** Requests of each task, spread evenly over those that it is measured on. */
const REQUESTS_OF_TASK = 6;

/** Samples of a task in a request at most. */
const SAMPLES_OF_REQUEST = 8;

const US_PER_SECOND = 1_000_000;

/** Text by column, for the file. */
type Texts = Record<string, string>;

/** With logits of the data, as the evaluation works them out of the prepared numbers. */
export async function makeGolden(
  connection: DuckDBConnection,
  prepared: PreparedData,
  model: OpenModel,
): Promise<GoldenRequest[]> {
  const { weights } = model;
  const tasks = Object.keys(weights.shape.tasks);
  const chosen = chooseRequests(prepared, tasks);
  if (chosen.length === 0) return [];
  const requests = Int32Array.from(chosen);
  const batch = createBatchBuilder(prepared).build(requests, tasks, weights.shape.maxEvents);
  const scores = scoreBatch(weights, batch);
  const names = await openNames(prepared.folder);
  try {
    const describe = describer(connection, prepared, model, names);
    const golden: GoldenRequest[] = [];
    for (const [row, request] of requests.entries()) {
      // Every other one brings what is known of its items, so that both ways are asked.
      const brings = row % 2 === 1;
      const asked: Record<string, GoldenRequest['tasks'][string]> = {};
      for (const task of tasks) {
        const { request: rowOf, sample } = batch.tasks[task]!;
        const { outputs, weightCorrection } = weights.shape.tasks[task]!;
        const positions = [...rowOf.keys()].filter((at) => rowOf[at] === row).slice(0, SAMPLES_OF_REQUEST);
        if (positions.length === 0) continue;
        const samples = positions.map((at) => sample[at]!);
        asked[task] = (await describe.samples(task, samples, brings)).map((described, which) => ({
          ...described,
          logits: weightCorrection.map((correction, k) =>
            Math.fround(scores[task]![positions[which]! * outputs + k]! + correction),
          ),
        }));
      }
      golden.push({ request: await describe.request(request, brings), tasks: asked });
    }
    return golden;
  } finally {
    names.close();
  }
}

/** Of every task some of the evaluation part, or of all there are; and one of a user without history, where there is one. */
function chooseRequests(prepared: PreparedData, tasks: readonly string[]): number[] {
  const [from, to] = splitRange(prepared.manifest, 'evaluation');
  const [start, end] = from < to ? [from, to] : [0, prepared.manifest.requests];
  const chosen = new Set<number>();
  let empty: number | undefined;
  for (const task of tasks) {
    const offsets = prepared.tasks[task]!.offsets.read(start, end + 1);
    const asked: number[] = [];
    for (let at = 0; at < end - start; at++) if (offsets[at]! < offsets[at + 1]!) asked.push(start + at);
    const step = Math.max(1, Math.floor(asked.length / REQUESTS_OF_TASK));
    for (const request of asked.filter((_, at) => at % step === 0).slice(0, REQUESTS_OF_TASK))
      chosen.add(request);
    empty ??= asked.find((request) => prepared.requests.end.at(request) === 0);
  }
  if (empty !== undefined) chosen.add(empty);
  return [...chosen].sort((a, b) => a - b);
}

type TextRow = Readonly<Record<string, string | null>>;

/** Rows of a table of rows by their numbers, their columns as text; each is read once. */
function rowReader(connection: DuckDBConnection, path: string) {
  const known = new Map<number, TextRow>();
  return async (rows: Iterable<number>): Promise<ReadonlyMap<number, TextRow>> => {
    const missing = [...new Set(rows)].filter((row) => !known.has(row));
    if (missing.length > 0) {
      const sql = `SELECT COLUMNS(*)::VARCHAR FROM ${parquetSql(path)} WHERE "row" IN (${missing.join(', ')})`;
      const reader = await connection.runAndReadAll(sql);
      for (const row of reader.getRowObjects() as unknown as TextRow[]) known.set(Number(row.row), row);
    }
    return known;
  };
}

/** Turns numbers of prepared data into values. */
function describer(connection: DuckDBConnection, prepared: PreparedData, model: OpenModel, names: Names) {
  const { config, vocabularies } = model;
  const { features, entities } = config;
  const { manifest, requests, segments } = prepared;

  const known = new Map<string, Promise<string | null>>();
  /** A value of a table row: one that nobody knows where the row is an out-of-vocabulary one. */
  function value(group: string, field: FieldManifest, index: number): Promise<string | null> {
    const key = `${index} ${group}/${field.name}`;
    const found = known.get(key) ?? lookUp(group, field, index);
    known.set(key, found);
    return found;
  }
  async function lookUp(group: string, field: FieldManifest, index: number): Promise<string | null> {
    if (index === MISSING_INDEX) return null;
    if (index > field.buckets) return (await names.values(group, field.name, [index])).get(index)!;
    const vocabulary = vocabularies.get(`${group}/${field.name}`)!;
    for (let n = 0; ; n++) {
      const unknown = `unknown ${n}`;
      if (fieldIndex(field.name, unknown, vocabulary, field.buckets) === index) return unknown;
    }
  }
  const put = (texts: Texts, column: string, text: string | null) => {
    if (text !== null) texts[column] ??= text;
  };
  const readerOf = (path: string) => rowReader(connection, join(prepared.folder, path));
  const itemRows = readerOf(preparedPaths.items);
  const entityRows = mapValues(entities, (_, entity) => readerOf(preparedPaths.entities(entity)));
  /** Empty ones too: what is missing there is missing. */
  const attributesOf = (
    row: TextRow,
    settings: readonly (readonly [name: string, { readonly column: string }])[],
  ) => Object.fromEntries(settings.map(([name, { column }]) => [column, row[name] ?? '']));

  const own = Object.entries(features.item).filter(([name]) => name !== 'item');
  const ofLog = own.filter(([, { from }]) => from === 'log');
  const ofItems = [
    ...own.filter(([, { from }]) => from === 'items'),
    ...Object.entries(features.itemNumbers),
  ];

  const item = (row: TextRow, brings: boolean) => ({
    id: row.item_id!,
    log: attributesOf(row, ofLog),
    attributes: brings ? attributesOf(row, ofItems) : {},
  });

  return {
    async request(request: number, brings: boolean): Promise<GoldenRequest['request']> {
      const user = requests.user.at(request);
      const end = requests.end.at(request);
      const history: RawEvent[] = [];
      for (const piece of findEvents(segments, user, Math.max(0, end - model.weights.shape.maxEvents), end)) {
        const codes = piece.segment.properties.read(piece.start, piece.end);
        const times = piece.segment.times.read(piece.start, piece.end);
        const items = piece.segment.items.read(piece.start, piece.end);
        const itemRow = await itemRows(items);
        for (const [at, row] of items.entries()) {
          const { id, log, attributes } = item(itemRow.get(row)!, brings);
          const values: Texts = { ...log };
          for (const field of manifest.fields.properties) {
            const { time, column = field.name } = features.properties[field.name]!;
            if (time) continue;
            put(values, column, await value('properties', field, propertyIndex(codes[at]!, field)));
          }
          history.push({
            timeUs: times[at]! * US_PER_SECOND,
            item: Object.keys(attributes).length > 0 ? { id, attributes } : { id },
            values,
          });
        }
      }
      const profile: Texts = {};
      const values: Texts = {};
      const last = history.at(-1)?.values as Texts | undefined;
      for (const field of manifest.fields.user) {
        const { from, column } = features.user[field.name]!;
        const text = await value('user', field, requests.fields[field.name]!.at(request));
        const target = { users: profile, request: values, lastEvent: last }[from];
        if (target) put(target, column, text);
      }
      if (features.query) {
        const sql = `SELECT query FROM ${parquetSql(join(prepared.folder, preparedPaths.requests))} WHERE request = ${request}`;
        for await (const rows of rowsOfQuery<[string | null]>(connection, sql))
          put(values, features.query.column, rows[0]![0]);
      }
      // A request lies behind its history: of events in its own second, those that came before it are there.
      const after = (history.at(-1)?.timeUs ?? 0) + 1;
      return { timeUs: Math.max(after, requests.time.at(request) * US_PER_SECOND), history, profile, values };
    },
    async samples(task: string, samples: readonly number[], brings: boolean): Promise<RawSample[]> {
      const { candidate, features: ranking } = manifest.tasks[task]!;
      const ofTask = prepared.tasks[task]!;
      const candidates =
        candidate === null
          ? null
          : await judged(
              candidate,
              samples.map((sample) => ofTask.candidate!.at(sample)),
              brings,
            );
      return samples.map((sample, which) => {
        const normalised = ofTask.features?.read(sample * ranking.length, (sample + 1) * ranking.length);
        const numbers = Object.fromEntries(
          // The first is the constant.
          ranking
            .slice(1)
            .map(({ name, mean, deviation }, at) => [name, normalised![at + 1]! * deviation + mean]),
        );
        return { candidate: candidates && candidates[which]!, features: numbers };
      });
    },
  };

  async function judged(candidate: string, indexes: readonly number[], brings: boolean): Promise<RawRow[]> {
    if (candidate === 'item') {
      const rows = await itemRows(indexes);
      return indexes.map((index) => {
        const { id, log, attributes } = item(rows.get(index)!, brings);
        return { id, attributes: { ...log, ...attributes } };
      });
    }
    const rows = await entityRows[candidate]!(indexes);
    const { fields, numbers } = entities[candidate]!;
    const settings = [
      ...Object.entries(fields).filter(([name]) => name !== candidate),
      ...Object.entries(numbers),
    ];
    return indexes.map((index) => {
      const row = rows.get(index)!;
      return { id: row[candidate]!, attributes: brings ? attributesOf(row, settings) : {} };
    });
  }
}
