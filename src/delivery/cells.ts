/** Cells of JSON, or of columns that are lists and structures, as the texts that a model is asked with. */
import type { Config } from '../config/schema.js';
import { readNumber } from '../features/read-number.js';
import { wholeNumber } from '../features/whole-number.js';
import type { Values } from './raw-request.js';

export type Cells = Readonly<Record<string, unknown>>;

/** How columns are read, by the names that the config gives them in the log and the tables. */
export interface CellColumns {
  /** Columns of tables that are read as numbers. */
  readonly numbers: ReadonlySet<string>;
  /** Column -> what a list in it is joined by. */
  readonly separators: Readonly<Record<string, string>>;
  /** Texts such as 266079.0 are read as 266079, but in columns of `separators`. */
  readonly wholeNumbers: boolean;
}

/** What a request must not have. */
export class Unfit extends Error {}

export function cellColumns({ data, features, entities }: Config): CellColumns {
  const separated = [
    ...Object.values(features.item),
    ...Object.values(entities).flatMap(({ fields }) => Object.values(fields)),
  ].flatMap(({ column, separator }) => (separator === undefined ? [] : [[column, separator] as const]));
  const numbers = [features.itemNumbers, ...Object.values(entities).map(({ numbers }) => numbers)];
  return {
    numbers: new Set(numbers.flatMap((fields) => Object.values(fields).map(({ column }) => column))),
    separators: Object.fromEntries(separated),
    wholeNumbers: data.wholeNumbers ?? false,
  };
}

export const isMap = (value: unknown): value is Cells =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A value in a message. */
export const shown = (value: unknown) =>
  value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 60);

/** An id as the config has it read. */
export const idText = (id: string, { wholeNumbers }: CellColumns): string =>
  wholeNumbers ? wholeNumber(id) : id;

/** Undefined for a missing one. @throws Unfit for what is no text */
export function textOf(
  cells: Cells,
  column: string,
  { separators, wholeNumbers }: CellColumns,
): string | undefined {
  const value = Object.hasOwn(cells, column) ? cells[column] : undefined;
  if (value === null || value === undefined || value === '') return undefined;
  // A column may be called as anything, even constructor.
  const separator = Object.hasOwn(separators, column) ? separators[column] : undefined;
  if (typeof value === 'string') {
    return wholeNumbers && separator === undefined ? wholeNumber(value) : value;
  }
  if (Array.isArray(value) && separator !== undefined) return value.join(separator) || undefined;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new Unfit(`expected a text or a number in ${column}, got ${shown(value)}`);
}

/** Of all columns. @throws Unfit */
export function valuesOf(cells: Cells, columns: CellColumns): Values {
  const values: Record<string, string | null> = {};
  for (const column of Object.keys(cells)) values[column] = textOf(cells, column, columns) ?? null;
  return values;
}

/** Null says nothing of an attribute, as tables of structures can't leave one out; an empty text says that it is missing. @throws Unfit */
export function attributesOf(attributes: Cells, columns: CellColumns): Values {
  const given = Object.entries(attributes).filter(([, value]) => value != null);
  for (const [name] of given) if (columns.numbers.has(name)) numberOf(attributes, name, columns);
  return Object.fromEntries(given.map(([name]) => [name, textOf(attributes, name, columns) ?? '']));
}

/** Null for a missing one. @throws Unfit for what is no number */
export function numberOf(cells: Cells, name: string, columns: CellColumns): number | null {
  const text = textOf(cells, name, columns);
  if (text === undefined) return null;
  const number = readNumber(text);
  if (number === null) throw new Unfit(`expected a number in ${name}, got ${shown(text)}`);
  return number;
}
