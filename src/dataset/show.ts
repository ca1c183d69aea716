/**
 * One user's sequence as the model sees it: the window before a moment, with the rows of the embedding tables that
 * each behaviour reads and what these rows stand for.
 */
import { UserError } from '../common/errors.js';
import { type FieldManifest, MISSING_INDEX } from '../common/prepared.js';
import { type Names, openNames } from './names.js';
import { type FieldArrays, openPrepared, type PreparedData } from './prepared.js';
import { countEvents, findEvents } from './user-streams.js';

/** Row `index` of a field's embedding table. */
export interface ShownValue {
  readonly index: number;
  readonly kind: 'value' | 'missing' | 'outOfVocabulary';
  /** Of kind `value`. */
  readonly value: string | null;
}

/** A number of an item. */
export interface ShownNumber {
  /** As it was read; null where it is missing. */
  readonly value: number | null;
  /** What the model sees: normalised, 0 for a missing value. */
  readonly unit: number;
}

export interface ShownEvent {
  /** Seconds since 1970. */
  readonly time: number;
  /** From the event to the moment that the window ends at. */
  readonly ageSeconds: number;
  readonly itemId: string;
  /** Row of the item table. */
  readonly itemRow: number;
  /** Item field -> its value; of a multi-valued field any number of them. */
  readonly item: Readonly<Record<string, readonly ShownValue[]>>;
  /** The numbers of the item. */
  readonly numbers: Readonly<Record<string, ShownNumber>>;
  readonly propertyCode: number;
  readonly properties: Readonly<Record<string, ShownValue>>;
}

export interface ShownUser {
  readonly userId: string;
  /** Index of the user in the prepared data. */
  readonly user: number;
  /** The window holds events strictly before this, in seconds since 1970. */
  readonly at: number;
  /** Events of the user before `at`, of which the window is the latest. */
  readonly events: number;
  readonly window: readonly ShownEvent[];
  /** User fields are known at requests: those of the user's latest request not after `at`, if there is one. */
  readonly profile: {
    readonly time: number;
    readonly fields: Readonly<Record<string, ShownValue>>;
    /** The words of that request's query, where the prepared data has queries. */
    readonly query?: readonly ShownValue[];
  } | null;
}

export interface ShowOptions {
  readonly folder: string;
  readonly userId: string;
  /** Seconds since 1970; by default the end of the log. */
  readonly at?: number;
  readonly maxEvents: number;
}

/** @throws UserError when the folder is no prepared data, or has no such user */
export async function showUser({ folder, userId, at, maxEvents }: ShowOptions): Promise<ShownUser> {
  const prepared = openPrepared(folder);
  const names = await openNames(folder);
  try {
    const user = await names.userIndex(userId);
    if (user === undefined) {
      throw new UserError(`Cannot show user ${userId}: a user of ${folder}, got an id that is not in it`);
    }
    const moment = at ?? endOfLog(prepared);
    const events = eventsBefore(prepared, user, moment);
    return {
      userId,
      user,
      at: moment,
      events,
      window: await showWindow(prepared, names, user, events, maxEvents, moment),
      profile: await showProfile(prepared, names, user, moment),
    };
  } finally {
    names.close();
    prepared.close();
  }
}

/** The first whole second after the last event. */
function endOfLog({ manifest: { lastEvent } }: PreparedData): number {
  return lastEvent === null ? 0 : Math.floor(Date.parse(lastEvent) / 1000) + 1;
}

/** How many events of a user are strictly before a moment. */
function eventsBefore({ segments }: PreparedData, user: number, at: number): number {
  let count = 0;
  for (const { segment, start, end } of findEvents(segments, user, 0, countEvents(segments, user))) {
    for (const time of segment.times.read(start, end)) {
      if (time >= at) return count;
      count++;
    }
  }
  return count;
}

async function showWindow(
  prepared: PreparedData,
  names: Names,
  user: number,
  end: number,
  maxEvents: number,
  at: number,
): Promise<ShownEvent[]> {
  const pieces = findEvents(prepared.segments, user, Math.max(0, end - maxEvents), end);
  const events = pieces.flatMap(({ segment, start, end }) => {
    const codes = segment.properties.read(start, end);
    const times = segment.times.read(start, end);
    return Array.from(segment.items.read(start, end), (itemRow, i) => ({
      itemRow,
      propertyCode: codes[i]!,
      time: times[i]!,
    }));
  });
  const itemIds = await names.itemIds(events.map(({ itemRow }) => itemRow));
  const itemColumns = new Map<string, ShownValue[][]>();
  for (const arrays of prepared.items) {
    const lists = events.map(({ itemRow }) => indexesOf(arrays, itemRow));
    const show = await describer(names, 'item', arrays.field, lists.flat());
    itemColumns.set(
      arrays.field.name,
      lists.map((list) => list.map(show)),
    );
  }
  const numberColumns = await showNumbers(
    prepared,
    names,
    events.map(({ itemRow }) => itemRow),
  );
  const propertyColumns = new Map<string, ShownValue[]>();
  for (const field of prepared.manifest.fields.properties) {
    const indexes = events.map(({ propertyCode }) => Math.trunc(propertyCode / field.stride) % field.rows);
    propertyColumns.set(field.name, indexes.map(await describer(names, 'properties', field, indexes)));
  }
  return events.map(({ itemRow, propertyCode, time }, i) => ({
    time,
    ageSeconds: at - time,
    itemId: itemIds.get(itemRow) ?? '',
    itemRow,
    item: rowOf(itemColumns, i),
    numbers: rowOf(numberColumns, i),
    propertyCode,
    properties: rowOf(propertyColumns, i),
  }));
}

/** Number -> its values over these item rows. */
async function showNumbers(
  { manifest, itemNumbers }: PreparedData,
  names: Names,
  itemRows: readonly number[],
): Promise<ReadonlyMap<string, ShownNumber[]>> {
  const { itemNumbers: numbers } = manifest.fields;
  const columns = new Map<string, ShownNumber[]>();
  for (const [at, { name }] of numbers.entries()) {
    const values = await names.itemNumbers(name, itemRows);
    const shown = itemRows.map((row) => ({
      value: values.get(row) ?? null,
      unit: itemNumbers!.at(row * numbers.length + at),
    }));
    columns.set(name, shown);
  }
  return columns;
}

async function showProfile(
  prepared: PreparedData,
  names: Names,
  user: number,
  at: number,
): Promise<ShownUser['profile']> {
  const { fields, time } = prepared.requests;
  const request = latestRequest(prepared, user, at);
  if (request === null) return null;
  const shown: Record<string, ShownValue> = {};
  for (const field of prepared.manifest.fields.user) {
    const index = fields[field.name]!.at(request);
    const show = await describer(names, 'user', field, [index]);
    shown[field.name] = show(index);
  }
  const { query } = prepared.manifest.fields;
  if (!query) return { time: time.at(request), fields: shown };
  const words = indexesOf(prepared.requests.query!, request);
  const show = await describer(names, 'query', query, words);
  return { time: time.at(request), fields: shown, query: words.map(show) };
}

/** Requests are in order of split and time, so all are looked at. */
function latestRequest({ requests }: PreparedData, user: number, at: number): number | null {
  const block = 2 ** 20;
  let latest: number | null = null;
  let latestTime = Number.NEGATIVE_INFINITY;
  for (let start = 0; start < requests.user.length; start += block) {
    const users = requests.user.read(start, Math.min(start + block, requests.user.length));
    for (let i = users.indexOf(user); i >= 0; i = users.indexOf(user, i + 1)) {
      const time = requests.time.at(start + i);
      if (time > at || time < latestTime) continue;
      latest = start + i;
      latestTime = time;
    }
  }
  return latest;
}

function indexesOf({ values, offsets }: Pick<FieldArrays, 'values' | 'offsets'>, row: number): number[] {
  return offsets ? [...values.read(offsets.at(row), offsets.at(row + 1))] : [values.at(row)];
}

function rowOf<T>(columns: ReadonlyMap<string, readonly T[]>, row: number): Record<string, T> {
  return Object.fromEntries([...columns].map(([name, column]) => [name, column[row]!]));
}

/** What a row of a field's table stands for, once the values among `indexes` are looked up. */
async function describer(
  names: Names,
  group: 'item' | 'properties' | 'user' | 'query',
  field: FieldManifest,
  indexes: readonly number[],
): Promise<(index: number) => ShownValue> {
  const isValue = (index: number) => index > MISSING_INDEX + field.buckets;
  const values = await names.values(group, field.name, indexes.filter(isValue));
  return (index) => {
    if (index === MISSING_INDEX) return { index, kind: 'missing', value: null };
    if (!isValue(index)) return { index, kind: 'outOfVocabulary', value: null };
    return { index, kind: 'value', value: values.get(index) ?? '' };
  };
}
