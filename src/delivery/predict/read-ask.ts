/** What a row asks: a user at a moment, with a history of its own or not, and one or more candidates. */
import { wholeNumber } from '../../features/whole-number.js';
import type { RawRow, RawSample, Values } from '../raw-request.js';
import type { AskColumns } from './ask-columns.js';
import type { BadRow, Row } from './row-source.js';

/** An event whose time is still text. */
export interface AskedEvent {
  readonly time: string;
  readonly item: RawRow;
  readonly values: Values;
}

export interface Ask {
  readonly line: number;
  readonly requestId: string | null;
  readonly userId: string;
  readonly time: string;
  readonly values: Values;
  /** Null where the prepared data is to be asked. */
  readonly history: readonly AskedEvent[] | null;
  /** Null where it was not given. */
  readonly profile: Values | null;
  readonly samples: readonly RawSample[];
}

type Cells = Readonly<Record<string, unknown>>;

/** What a row must not have, as an error that becomes a bad row. */
class Unfit extends Error {}

const isMap = (value: unknown): value is Cells =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const shown = (value: unknown) => (value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 60));

/** Keys of a row of JSON lines that are no columns. */
const KEYS = {
  history: 'history',
  profile: 'profile',
  candidates: 'candidates',
  attributes: 'attributes',
} as const;

export function readAsk(row: Row, columns: AskColumns): Ask | BadRow {
  try {
    return askOf(row, columns);
  } catch (error) {
    if (error instanceof Unfit) return { line: row.line, reason: error.message };
    throw error;
  }
}

function askOf({ line, values: cells }: Row, columns: AskColumns): Ask {
  const [history, profile] = [cells.history ?? undefined, cells.profile ?? undefined];
  if (history !== undefined && !Array.isArray(history))
    throw new Unfit(`expected a list in history, got ${shown(history)}`);
  if (profile !== undefined && !isMap(profile))
    throw new Unfit(`expected a map in profile, got ${shown(profile)}`);
  return {
    line,
    requestId: columns.request === undefined ? null : (textOf(cells, columns.request, columns) ?? null),
    // A user who brings a history needs no name.
    userId:
      history === undefined
        ? required(cells, columns.user, columns)
        : (textOf(cells, columns.user, columns) ?? ''),
    time: timeOf(cells, columns.time.columns, columns),
    values: valuesOf(cells, columns),
    history: history === undefined ? null : history.map((event) => eventOf(event, columns)),
    profile: profile === undefined ? null : valuesOf(profile, columns),
    samples: samplesOf(cells, columns),
  };
}

function samplesOf(cells: Cells, columns: AskColumns): RawSample[] {
  if (columns.candidate === null) return [{ candidate: null, features: {} }];
  const { candidates } = cells;
  if (candidates == null) return [sampleOf(cells, columns)];
  if (!Array.isArray(candidates)) throw new Unfit(`expected a list in candidates, got ${shown(candidates)}`);
  return candidates.map((candidate) =>
    sampleOf(isMap(candidate) ? candidate : { [columns.candidate!]: candidate }, columns),
  );
}

function sampleOf(cells: Cells, columns: AskColumns): RawSample {
  return {
    candidate: rowOf(cells, columns.candidate!, columns),
    features: Object.fromEntries(columns.features.map((name) => [name, numberOf(cells, name, columns)])),
  };
}

function eventOf(event: unknown, columns: AskColumns): AskedEvent {
  if (!isMap(event)) throw new Unfit(`expected events that are maps in history, got ${shown(event)}`);
  const { item, time } = columns.log;
  return {
    item: rowOf(event, item, columns),
    time: timeOf(event, time.columns, columns),
    values: valuesOf(event, columns),
  };
}

function rowOf(cells: Cells, column: string, columns: AskColumns): RawRow {
  const id = required(cells, column, columns);
  const { attributes } = cells;
  if (attributes == null) return { id };
  if (!isMap(attributes)) throw new Unfit(`expected a map in attributes, got ${shown(attributes)}`);
  // Null says nothing of an attribute, as tables of structures can't leave one out; an empty text says that it is missing.
  const given = Object.entries(attributes).filter(([, value]) => value != null);
  for (const [name] of given) if (columns.numbers.has(name)) finite(textOf(attributes, name, columns), name);
  return {
    id,
    attributes: Object.fromEntries(given.map(([name]) => [name, textOf(attributes, name, columns) ?? ''])),
  };
}

function numberOf(cells: Cells, name: string, columns: AskColumns): number | null {
  if (!Object.hasOwn(cells, name))
    throw new Unfit(`expected the ranking feature ${name}, or null where it is missing, got nothing`);
  return finite(textOf(cells, name, columns), name);
}

function finite(text: string | undefined, name: string): number | null {
  if (text === undefined) return null;
  const number = Number(text);
  if (!Number.isFinite(number)) throw new Unfit(`expected a number in ${name}, got ${shown(text)}`);
  return number;
}

const timeOf = (cells: Cells, names: readonly string[], columns: AskColumns) =>
  names.map((name) => required(cells, name, columns)).join(' ');

function required(cells: Cells, column: string, columns: AskColumns): string {
  const text = textOf(cells, column, columns);
  if (text === undefined) throw new Unfit(`expected a value in ${column}, got ${shown(cells[column])}`);
  return text;
}

function valuesOf(cells: Cells, columns: AskColumns): Values {
  const values: Record<string, string | null> = {};
  for (const column of Object.keys(cells)) {
    if (Object.hasOwn(KEYS, column)) continue;
    values[column] = textOf(cells, column, columns) ?? null;
  }
  return values;
}

/** Undefined for a missing one. */
function textOf(cells: Cells, column: string, { separators, wholeNumbers }: AskColumns): string | undefined {
  const value = cells[column];
  if (value === null || value === undefined || value === '') return undefined;
  if (typeof value === 'string') {
    return wholeNumbers && separators[column] === undefined ? wholeNumber(value) : value;
  }
  if (Array.isArray(value) && separators[column] !== undefined)
    return value.join(separators[column]) || undefined;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new Unfit(`expected a text or a number in ${column}, got ${shown(value)}`);
}
