/** What the columns of a log may be: by their names, else by what they hold. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { guessTimeFormat } from '../../features/guess-time-format.js';
import type { SampledFile } from './sample-file.js';

export type Role =
  | 'user'
  | 'item'
  | 'time'
  | 'behavior'
  | 'scenario'
  | 'category'
  | 'brand'
  | 'shop'
  | 'tags'
  | 'request'
  | 'label';

/** Names without case and punctuation. */
const namesOf: Readonly<Record<Role, readonly string[]>> = {
  user: [
    'userid',
    'user',
    'uid',
    'visitorid',
    'visitor',
    'customerid',
    'customer',
    'memberid',
    'accountid',
    'buyerid',
  ],
  item: [
    ...[
      'itemid',
      'item',
      'iid',
      'productid',
      'product',
      'sku',
      'skuid',
      'goodsid',
      'asin',
      'contentid',
      'articleid',
    ],
    ...['newsid', 'videoid', 'movieid', 'bookid', 'songid', 'trackid', 'adid', 'candidate', 'candidateid'],
  ],
  time: [
    ...[
      'time',
      'timestamp',
      'ts',
      'datetime',
      'eventtime',
      'eventtimestamp',
      'timestampms',
      'unixtime',
      'date',
    ],
    ...['createdat', 'createtime', 'servertime', 'requesttime', 'day'],
  ],
  behavior: [
    'behavior',
    'behaviour',
    'behaviortype',
    'behaviourtype',
    'action',
    'actiontype',
    'event',
    'eventtype',
    'eventname',
    'type',
  ],
  scenario: ['scenario', 'scene', 'sceneid', 'scenarioid', 'entrance', 'placement', 'surface'],
  category: [
    'category',
    'categoryid',
    'cat',
    'catid',
    'cate',
    'cateid',
    'itemcategory',
    'categorycode',
    'genre',
    'genres',
  ],
  brand: ['brand', 'brandid', 'itembrand', 'manufacturer'],
  shop: ['shop', 'shopid', 'seller', 'sellerid', 'store', 'storeid', 'merchant', 'merchantid'],
  tags: ['tags', 'tag', 'itemtags', 'keywords'],
  request: ['requestid', 'request', 'impressionid', 'pageviewid', 'queryid', 'pageid'],
  label: ['label', 'clicked', 'click', 'isclick', 'isclicked', 'target', 'y'],
};

const behaviours = [
  ...[
    'pv',
    'click',
    'view',
    'detail',
    'buy',
    'purchase',
    'transaction',
    'order',
    'pay',
    'cart',
    'addtocart',
    'atc',
  ],
  ...['fav', 'favorite', 'favourite', 'collect', 'like', 'share', 'uncart', 'checkout', 'impression', 'play'],
];

const MAX_BEHAVIOURS = 30;
const MAX_CODES = 10;
/** 2000-01-01: a smaller number of seconds is an id. */
const FIRST_SECONDS = 946_684_800;

export interface Guess {
  /** Index of the column. */
  readonly column: number;
  /** By what it holds, which is less sure than by its name. */
  readonly isByContent: boolean;
}

export type Roles = Readonly<Partial<Record<Role, Guess>>>;

/** The roles in `wanted` that a column was found for, each column in one role at most. */
export async function guessRoles(
  connection: DuckDBConnection,
  file: SampledFile,
  wanted: readonly Role[],
): Promise<Roles> {
  const roles: Partial<Record<Role, Guess>> = {};
  const taken = new Set<number>();
  const take = (role: Role, column: number | undefined, isByContent: boolean) => {
    if (column === undefined || roles[role] || !wanted.includes(role)) return;
    roles[role] = { column, isByContent };
    taken.add(column);
  };
  for (const role of wanted) {
    for (const name of namesOf[role]) {
      const column = file.columns.findIndex((own, index) => plain(own) === name && !taken.has(index));
      if (column >= 0) take(role, column, false);
    }
  }
  const columns = file.rows[0]!.map((_, index) => index);
  const values = columns.map((column) => file.rows.map((row) => row[column]!));
  // A config can't name a column without a name.
  const free = () => columns.filter((column) => !taken.has(column) && file.columns[column] !== '');
  if (wanted.includes('time') && !roles.time) {
    for (const column of free()) {
      if (file.isTime[column] || (await isTime(connection, values[column]!))) take('time', column, true);
    }
  }
  take(
    'behavior',
    free().find((column) => isBehaviour(values[column]!)),
    true,
  );
  take(
    'label',
    free().find((column) => isLabel(values[column]!)),
    true,
  );
  // Ids that are left, in the order of most logs: who, then what.
  const ids = free().filter((column) => isId(values[column]!));
  take('user', ids[0], true);
  const most = (among: readonly number[]) =>
    among.reduce<number | undefined>(
      (best, column) =>
        best === undefined || distinct(values[column]!) > distinct(values[best]!) ? column : best,
      undefined,
    );
  take('item', most(ids.filter((column) => !taken.has(column))), true);
  // A header would have said so.
  if (!file.hasHeader) {
    take(
      'behavior',
      free().find((column) => isCode(values[column]!)),
      true,
    );
  }
  if (roles.item) {
    const items = values[roles.item.column]!;
    take(
      'category',
      ids.find((column) => !taken.has(column) && isDecidedBy(items, values[column]!)),
      true,
    );
  }
  return roles;
}

/**
 * A first line that holds numbers, times or behaviours is data and no header. An empty field says nothing: the header of an
 * index that pandas writes is one.
 */
export function looksLikeData(fields: readonly string[]): boolean {
  return (
    fields.every((field) => field === '') ||
    fields.some(
      (field) => /^[-+]?\d/.test(field) || field === 'pv' || /^(true|false|null|none)$/i.test(field),
    )
  );
}

/** What separates several values in most of the cells that hold more than a word; undefined for none. */
export function guessSeparator(values: readonly string[]): string | undefined {
  const filled = values.filter((value) => value !== '');
  return ['|', ';', ',', '/', ' '].find(
    (separator) => filled.filter((value) => value.includes(separator)).length > filled.length / 4,
  );
}

export function distinct(values: readonly string[]): number {
  return new Set(values).size;
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');
}

async function isTime(connection: DuckDBConnection, values: readonly string[]): Promise<boolean> {
  const filled = values.filter((value) => value !== '');
  if (filled.length === 0) return false;
  const format = await guessTimeFormat(connection, filled);
  return (
    format !== undefined && (format !== 'seconds' || filled.every((value) => Number(value) >= FIRST_SECONDS))
  );
}

function isBehaviour(values: readonly string[]): boolean {
  const found = [...new Set(values)];
  return found.length <= MAX_BEHAVIOURS && found.some((value) => behaviours.includes(plain(value)));
}

/** Behaviours as small numbers, from 0 or 1. */
function isCode(values: readonly string[]): boolean {
  const found = distinct(values);
  return found > 1 && found <= MAX_CODES && values.every((value) => /^\d{1,2}(\.0)?$/.test(value));
}

function isLabel(values: readonly string[]): boolean {
  return values.every((value) => value === '0' || value === '1') && distinct(values) === 2;
}

function isId(values: readonly string[]): boolean {
  return values.every((value) => value !== '' && !/\s/.test(value) && !/^-?\d+\.\d*[1-9]/.test(value));
}

/** Each item has one value, and several items share one. */
function isDecidedBy(items: readonly string[], values: readonly string[]): boolean {
  const known = new Map<string, string>();
  for (const [row, item] of items.entries()) {
    if ((known.get(item) ?? values[row]) !== values[row]) return false;
    known.set(item, values[row]!);
  }
  return distinct(values) < known.size;
}
