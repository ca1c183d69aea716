/** Golden requests out of prepared data: their numbers turned back into the values that they stand for. */
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
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
        asked[task] = await Promise.all(
          positions.map(async (at) => ({
            ...(await describe.sample(task, sample[at]!, brings)),
            logits: weightCorrection.map((correction, k) =>
              Math.fround(scores[task]![at * outputs + k]! + correction),
            ),
          })),
        );
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

/** Turns numbers of prepared data into values. */
function describer(connection: DuckDBConnection, prepared: PreparedData, model: OpenModel, names: Names) {
  const { config, vocabularies } = model;
  const { features, entities } = config;
  const { manifest, requests, segments } = prepared;

  /** A value of a table row: one that nobody knows where the row is an out-of-vocabulary one. */
  async function value(group: string, field: FieldManifest, index: number): Promise<string | null> {
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
  /** Columns of one row of a table of rows, as text. */
  async function rowOf(path: string, row: number): Promise<Readonly<Record<string, string | null>>> {
    const sql = `SELECT COLUMNS(*)::VARCHAR FROM ${parquetSql(join(prepared.folder, path))} WHERE "row" = ${row}`;
    const reader = await connection.runAndReadAll(sql);
    return Object.fromEntries(
      reader.columnNames().map((name, at) => [name, reader.getRows()[0]![at] as string | null]),
    );
  }
  /** Empty ones too: what is missing there is missing. */
  const attributesOf = (
    row: Readonly<Record<string, string | null>>,
    settings: readonly (readonly [name: string, { readonly column: string }])[],
  ) => Object.fromEntries(settings.map(([name, { column }]) => [column, row[name] ?? '']));

  const own = Object.entries(features.item).filter(([name]) => name !== 'item');
  const ofLog = own.filter(([, { from }]) => from === 'log');
  const ofItems = [
    ...own.filter(([, { from }]) => from === 'items'),
    ...Object.entries(features.itemNumbers),
  ];

  async function item(index: number, brings: boolean) {
    const row = await rowOf(preparedPaths.items, index);
    return {
      id: row.item_id!,
      log: attributesOf(row, ofLog),
      attributes: brings ? attributesOf(row, ofItems) : {},
    };
  }

  return {
    async request(request: number, brings: boolean): Promise<GoldenRequest['request']> {
      const user = requests.user.at(request);
      const end = requests.end.at(request);
      const history: RawEvent[] = [];
      for (const piece of findEvents(segments, user, Math.max(0, end - model.weights.shape.maxEvents), end)) {
        const codes = piece.segment.properties.read(piece.start, piece.end);
        const times = piece.segment.times.read(piece.start, piece.end);
        for (const [at, row] of piece.segment.items.read(piece.start, piece.end).entries()) {
          const { id, log, attributes } = await item(row, brings);
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
    async sample(task: string, sample: number, brings: boolean): Promise<RawSample> {
      const { candidate, features: ranking } = manifest.tasks[task]!;
      const normalised = prepared.tasks[task]!.features?.read(
        sample * ranking.length,
        (sample + 1) * ranking.length,
      );
      const numbers = Object.fromEntries(
        // The first is the constant.
        ranking
          .slice(1)
          .map(({ name, mean, deviation }, at) => [name, normalised![at + 1]! * deviation + mean]),
      );
      if (candidate === null) return { candidate: null, features: numbers };
      return {
        candidate: await judged(candidate, prepared.tasks[task]!.candidate!.at(sample), brings),
        features: numbers,
      };
    },
  };

  async function judged(candidate: string, index: number, brings: boolean): Promise<RawRow> {
    if (candidate === 'item') {
      const { id, log, attributes } = await item(index, brings);
      return { id, attributes: { ...log, ...attributes } };
    }
    const row = await rowOf(preparedPaths.entities(candidate), index);
    const { fields, numbers } = entities[candidate]!;
    const settings = [
      ...Object.entries(fields).filter(([name]) => name !== candidate),
      ...Object.entries(numbers),
    ];
    return { id: row[candidate]!, attributes: brings ? attributesOf(row, settings) : {} };
  }
}
