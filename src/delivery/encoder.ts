/**
 * From raw values to what the model reads, exactly as preprocess encodes in SQL (docs/prepared-format.md): table rows of fields
 * with buckets for unknown values, property codes, words of queries, normalised numbers.
 */
import { mapValues } from '../common/map-values.js';
import { MISSING_INDEX } from '../common/prepared.js';
import type { Config, NumberField } from '../config/schema.js';
import { localClock } from '../features/local-days.js';
import { normaliseNumber } from '../features/normalise-number.js';
import { propertyCode, propertyStrides } from '../features/property-code.js';
import { tokeniser } from '../features/query-tokens.js';
import { readNumber } from '../features/read-number.js';
import { timeFieldValue } from '../features/time-fields.js';
import type { ModelShape } from '../model/shape.js';
import type { Catalogues } from './catalogue.js';
import type { EncodedEvent, EncodedRequest, EncodedRow, EncodedSample } from './encoded.js';
import type { EncodingManifest } from './encoding.js';
import { type FieldEncoder, fieldEncoder, type LookUps, type Vocabulary } from './field-encoder.js';
import type { RawEvent, RawRequest, RawRow, RawSample, Values } from './raw-request.js';

const US_PER_SECOND = 1_000_000;

/** Encoded items that are kept, of those that come with columns of the log; not of columns that are longer, which come from anyone. */
const KEPT_ITEMS = 1 << 16;
const KEPT_LENGTH = 512;

export interface Encoder {
  /** A row of the items, with columns of the log where it is one of an event. */
  item(item: RawRow, atSeconds: number, log?: Values): EncodedRow;
  /** A row of an entity. */
  entity(entity: string, row: RawRow): EncodedRow;
  event(event: RawEvent): EncodedEvent;
  /** The table row of each user field, by the place of the field. */
  users(known: KnownOfUser): number[];
  /** The table row of a user field, out of the columns of what it is read from. */
  userRow(field: number, values: Values): number;
  /** The table rows of the words of the query, out of the columns of the request. */
  queryWords(values: Values): number[];
  request(request: RawRequest): EncodedRequest;
  /** A sample of a task. */
  sample(task: string, sample: RawSample, atSeconds: number): EncodedSample;
  /** `<group>/<field>` -> what has been looked up of texts so far. */
  readonly lookUps: Readonly<Record<string, LookUps>>;
}

export interface KnownOfUser {
  /** The columns of the request. */
  readonly values: Values;
  /** Table rows of fields of the profile. */
  profile(field: number): number;
  /** Table rows of fields that are read off the latest event. */
  last(field: number): number;
}

export interface EncoderInput {
  readonly config: Config;
  readonly manifest: EncodingManifest;
  readonly shape: ModelShape;
  readonly vocabularies: ReadonlyMap<string, Vocabulary>;
  readonly catalogues: Catalogues;
}

/** The text of a column; null for a missing one. */
const textOf = (values: Values, column: string): string | null => values[column] || null;

export function createEncoder({ config, manifest, shape, vocabularies, catalogues }: EncoderInput): Encoder {
  const { features, data, entities } = config;
  const made: Record<string, FieldEncoder> = {};
  const encoderOf = (
    group: string,
    field: { readonly name: string; readonly buckets: number },
    separator?: string,
    key = `${group}/${field.name}`,
  ) => {
    made[key] ??= fieldEncoder(field, vocabularies.get(`${group}/${field.name}`)!, separator);
    return made[key]!;
  };
  const itemFields = manifest.fields.item.map((field) => {
    const settings = features.item[field.name]!;
    return { ...settings, name: field.name, encoder: encoderOf('item', field, settings.separator) };
  });
  const drifts = itemFields.some(({ name, from }) => from === 'log' && name !== 'item');
  const itemNumbers = numberEncoder(features.itemNumbers, shape.itemNumbers);
  const properties = manifest.fields.properties.map((field) => ({
    ...features.properties[field.name]!,
    name: field.name,
    encoder: encoderOf('properties', field),
  }));
  const strides = propertyStrides(shape.propertyFields);
  const clock = localClock(data.timeZone);
  const userFields = manifest.fields.user.map((field) => ({
    ...features.user[field.name]!,
    encoder: encoderOf('user', field),
  }));
  const tokens = features.query ? tokeniser(features.query.tokens) : null;
  const wordEncoder = manifest.fields.query ? encoderOf('query', manifest.fields.query) : null;
  const entityEncoders = mapValues(manifest.entities, ({ fields, numbers }, entity) => ({
    fields: fields.map(({ shares, ...field }) => {
      const settings = entities[entity]!.fields[field.name]!;
      const hashed = shares === undefined ? field : { ...field, name: shares };
      const group = shares === undefined ? entity : 'item';
      return {
        ...settings,
        name: field.name,
        encoder: encoderOf(group, hashed, settings.separator, `${entity}/${field.name}`),
      };
    }),
    numbers: numberEncoder(
      entities[entity]!.numbers,
      numbers.map((unit) => ({ ...unit, scale: entities[entity]!.numbers[unit.name]!.scale })),
    ),
  }));

  const kept = new Map<string, EncodedRow>();
  const encodeItem = (item: RawRow, atSeconds: number, log: Values | null): EncodedRow => {
    const row = catalogues.items.rowOf(item.id, atSeconds);
    const base = row === undefined ? undefined : catalogues.items.encoded(row);
    if (base && !item.attributes && (!log || !drifts)) return base;
    const given = item.attributes ?? {};
    const fields = itemFields.map(({ name, from, column, encoder }, at) => {
      if (name === 'item') return base?.fields[at] ?? encoder.rows(item.id);
      if (from === 'log' && log) return encoder.rows(textOf(log, column) ?? textOf(given, column));
      if (Object.hasOwn(given, column)) return encoder.rows(textOf(given, column));
      return base?.fields[at] ?? encoder.rows(null);
    });
    const idAt = itemFields.findIndex(({ name }) => name === 'item');
    return {
      fields,
      numbers: itemNumbers(given, base),
      isKnown: fields[idAt]![0]! > manifest.fields.item[idAt]!.buckets,
    };
  };

  const encoder: Encoder = {
    lookUps: mapValues(made, ({ lookUps }) => lookUps),
    item(item, atSeconds, log) {
      if (!log || item.attributes || !drifts) return encodeItem(item, atSeconds, log ?? null);
      const key = JSON.stringify([
        item.id,
        ...itemFields.map(({ from, column }) => (from === 'log' ? log[column] : null)),
      ]);
      let row = kept.get(key);
      if (!row) {
        row = encodeItem(item, atSeconds, log);
        if (kept.size >= KEPT_ITEMS) kept.clear();
        if (key.length <= KEPT_LENGTH) kept.set(key, row);
      }
      return row;
    },
    entity(name, { id, attributes: given = {} }) {
      const { fields, numbers } = entityEncoders[name]!;
      const catalogue = catalogues.entities[name]!;
      const row = catalogue.rowOf(id, 0);
      const base = row === undefined ? undefined : catalogue.encoded(row);
      if (base && Object.keys(given).length === 0) return base;
      const encoded = fields.map(({ name: field, column, encoder }, at) => {
        if (field === name) return base?.fields[at] ?? encoder.rows(id);
        if (Object.hasOwn(given, column)) return encoder.rows(textOf(given, column));
        return base?.fields[at] ?? encoder.rows(null);
      });
      const idAt = fields.findIndex((field) => field.name === name);
      return {
        fields: encoded,
        numbers: numbers(given, base),
        isKnown:
          idAt < 0 ? base !== undefined : encoded[idAt]![0]! > manifest.entities[name]!.fields[idAt]!.buckets,
      };
    },
    event({ item, timeUs, values }) {
      const seconds = Math.floor(timeUs / US_PER_SECOND);
      const local = clock(seconds);
      const indexes = properties.map(({ time, column, name, encoder }) =>
        encoder.row(time ? timeFieldValue(time, local) : textOf(values, column ?? name)),
      );
      return { item: encoder.item(item, seconds, values), code: propertyCode(indexes, strides) };
    },
    users: ({ values, profile, last }) =>
      userFields.map(({ from }, at) => {
        if (from === 'request') return encoder.userRow(at, values);
        return from === 'users' ? profile(at) : last(at);
      }),
    userRow: (field, values) => userFields[field]!.encoder.row(textOf(values, userFields[field]!.column)),
    queryWords(values) {
      const query = features.query ? textOf(values, features.query.column) : null;
      return query === null || !wordEncoder ? [] : tokens!(query).map((word) => wordEncoder.row(word));
    },
    request(raw) {
      const history = raw.history
        .filter(({ timeUs }) => timeUs < raw.timeUs)
        .sort((a, b) => a.timeUs - b.timeUs)
        .slice(-shape.maxEvents);
      const latest = history.at(-1);
      return {
        events: history.map(encoder.event),
        users: encoder.users({
          values: raw.values,
          profile: (at) => encoder.userRow(at, raw.profile),
          last: (at) => (latest ? encoder.userRow(at, latest.values) : MISSING_INDEX),
        }),
        words: encoder.queryWords(raw.values),
      };
    },
    sample(task, { candidate, features }, atSeconds) {
      const { kind, candidate: judged, features: units } = shape.tasks[task]!;
      // The first is the constant.
      const numbers = units.map((unit, at) =>
        at === 0 ? 1 : normaliseNumber(features[unit.name] ?? null, unit),
      );
      if (kind !== 'binary') return { candidate: null, features: numbers };
      const row =
        judged === 'item' ? encoder.item(candidate!, atSeconds) : encoder.entity(judged!, candidate!);
      return { candidate: row, features: numbers };
    },
  };
  return encoder;
}

type EncodeNumbers = (given: Values, base: EncodedRow | undefined) => Float32Array;

/** Numbers that are given win over those of the row that is known. */
function numberEncoder(
  settings: Readonly<Record<string, NumberField>>,
  units: readonly {
    readonly name: string;
    readonly mean: number;
    readonly deviation: number;
    readonly scale: NumberField['scale'];
  }[],
): EncodeNumbers {
  return (given, base) =>
    Float32Array.from(units, (unit, at) => {
      const { column } = settings[unit.name]!;
      if (!Object.hasOwn(given, column)) return base?.numbers[at] ?? 0;
      const text = textOf(given, column);
      return normaliseNumber(text === null ? null : readNumber(text), unit, unit.scale);
    });
}
