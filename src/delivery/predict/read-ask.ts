/** What a row asks: a user at a moment, with a history of its own or not, and one or more candidates. */
import { attributesOf, type Cells, isMap, numberOf, shown, textOf, Unfit, valuesOf } from '../cells.js';
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
    values: columnsOf(cells, columns),
    history: history === undefined ? null : history.map((event) => eventOf(event, columns)),
    profile: profile === undefined ? null : columnsOf(profile, columns),
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
    features: Object.fromEntries(columns.features.map((name) => [name, featureOf(cells, name, columns)])),
  };
}

function eventOf(event: unknown, columns: AskColumns): AskedEvent {
  if (!isMap(event)) throw new Unfit(`expected events that are maps in history, got ${shown(event)}`);
  const { item, time } = columns.log;
  return {
    item: rowOf(event, item, columns),
    time: timeOf(event, time.columns, columns),
    values: columnsOf(event, columns),
  };
}

function rowOf(cells: Cells, column: string, columns: AskColumns): RawRow {
  const id = required(cells, column, columns);
  const { attributes } = cells;
  if (attributes == null) return { id };
  if (!isMap(attributes)) throw new Unfit(`expected a map in attributes, got ${shown(attributes)}`);
  return { id, attributes: attributesOf(attributes, columns) };
}

function featureOf(cells: Cells, name: string, columns: AskColumns): number | null {
  if (!Object.hasOwn(cells, name))
    throw new Unfit(`expected the feature ${name}, or null where it is missing, got nothing`);
  return numberOf(cells, name, columns);
}

const timeOf = (cells: Cells, names: readonly string[], columns: AskColumns) =>
  names.map((name) => required(cells, name, columns)).join(' ');

function required(cells: Cells, column: string, columns: AskColumns): string {
  const text = textOf(cells, column, columns);
  if (text === undefined) throw new Unfit(`expected a value in ${column}, got ${shown(cells[column])}`);
  return text;
}

/** What is no key is a column. */
const columnsOf = (cells: Cells, columns: AskColumns): Values =>
  valuesOf(Object.fromEntries(Object.entries(cells).filter(([name]) => !Object.hasOwn(KEYS, name))), columns);
