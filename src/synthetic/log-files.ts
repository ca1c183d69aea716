/** The files that grow with the log: events, impressions, samples of each task, and beside them the truth. */
import { join } from 'node:path';
import type { Catalogue, Item } from './catalogue.js';
import { brandName } from './catalogue.js';
import { leafName } from './categories.js';
import { CsvFile } from './csv-file.js';
import { SortedRows } from './sorted-rows.js';

/** A page that was shown, and how. */
export interface Page {
  readonly user: string;
  readonly time: number;
  readonly scenario: string;
  readonly query: string;
  readonly device: string;
}

/** An item on a page, and what came of it. */
export interface Shown {
  readonly item: number;
  readonly clicked: boolean;
  readonly bought: boolean;
  /** The probability with which it was clicked. */
  readonly probability: number;
}

const HEADERS = {
  events: 'user_id,time,behavior,scenario,query,device,item_id,shop_id,brand_id,category_id,tags,price',
  impressions: 'request_id,user_id,time,scenario,query,device,position,item_id,label,bought',
  icon_samples: 'user_id,time,icon_id,label',
  shop_samples: 'user_id,time,shop_id,label',
  price_samples: 'user_id,time,label',
  truth: 'request_id,position,item_id,click_probability',
  truth_icons: 'user_id,time,icon_id,follow_probability',
  truth_shops: 'user_id,time,shop_id,like_probability',
} as const;

type Table = keyof typeof HEADERS;
const isTruth = (table: Table) => table.startsWith('truth');

/** The fields that say what an item is, without its id, as events and the table of items have them. */
export const itemFields = ({ shop, brand, leaf, tags, price }: Item, { shops }: Catalogue): string =>
  `${shops[shop]!.id},${brandName(brand)},${leafName(leaf)},${tags},${price}`;

export class LogFiles {
  readonly #catalogue: Catalogue;
  readonly #eventFields: readonly string[];
  readonly #files = new Map<Table, CsvFile>();
  readonly #rows = new Map<Table, SortedRows>();
  readonly #timeText = createTimeText();

  constructor(folder: string, catalogue: Catalogue, { truth }: { readonly truth: boolean }) {
    this.#catalogue = catalogue;
    this.#eventFields = catalogue.items.map((item) => `${item.id},${itemFields(item, catalogue)}`);
    for (const table of Object.keys(HEADERS) as Table[]) {
      if (isTruth(table) && !truth) continue;
      const file = new CsvFile(join(folder, `${table}.csv.gz`), HEADERS[table]);
      this.#files.set(table, file);
      this.#rows.set(table, new SortedRows(file));
    }
  }

  addEvent({ user, scenario, query, device }: Page, time: number, behavior: string, item: number): void {
    const fields = this.#eventFields[item]!;
    const row = flat(user, this.#timeText(time), behavior, scenario, query, device, fields);
    this.#add('events', time, row);
  }

  /** The items of a page in the order in which they were shown. */
  addPage({ user, time, scenario, query, device }: Page, shown: readonly Shown[]): void {
    const { items } = this.#catalogue;
    const request = `${user}-${time}`;
    const page = flat(request, user, this.#timeText(time), scenario, query, device);
    const rows = shown.map(
      ({ item, clicked, bought }, position) =>
        `${page},${position},${items[item]!.id},${clicked ? (bought ? '1,1' : '1,0') : '0,0'}`,
    );
    this.#add('impressions', time, rows.join('\n'), rows.length);
    if (!this.#rows.has('truth')) return;
    const truth = shown.map(
      ({ item, probability }, position) =>
        `${request},${position},${items[item]!.id},${probability.toFixed(6)}`,
    );
    this.#add('truth', time, truth.join('\n'), truth.length);
  }

  addIcon(user: string, time: number, icon: number, follows: boolean, probability: number): void {
    const row = `${user},${this.#timeText(time)},${this.#catalogue.icons[icon]!.id}`;
    this.#add('icon_samples', time, `${row},${+follows}`);
    this.#add('truth_icons', time, `${row},${probability.toFixed(6)}`);
  }

  addShop(user: string, time: number, shop: number, likes: boolean, probability: number): void {
    const row = `${user},${this.#timeText(time)},${this.#catalogue.shops[shop]!.id}`;
    this.#add('shop_samples', time, `${row},${+likes}`);
    this.#add('truth_shops', time, `${row},${probability.toFixed(6)}`);
  }

  addPrice(user: string, time: number, level: number): void {
    this.#add('price_samples', time, `${user},${this.#timeText(time)},${level}`);
  }

  get numEvents(): number {
    return this.#files.get('events')!.rows;
  }

  /** Writes what was before `time`; nothing earlier may be added afterwards. */
  async writeBefore(time: number): Promise<void> {
    for (const rows of this.#rows.values()) await rows.writeBefore(time);
  }

  /** File -> rows. */
  async close(): Promise<Record<string, number>> {
    await this.writeBefore(Infinity);
    const counts: Record<string, number> = {};
    for (const [table, file] of this.#files) {
      await file.close();
      counts[`${table}.csv.gz`] = file.rows;
    }
    return counts;
  }

  #add(table: Table, time: number, rows: string, count = 1): void {
    this.#rows.get(table)?.add(time, rows, count);
  }
}

/** Fields of a row as one piece: a string put together by + or a template keeps its parts, at four times the memory. */
const flat = (...fields: readonly string[]): string => fields.join(',');

/** 'YYYY-MM-DD HH:MM:SS' of seconds since 1970, UTC. */
function createTimeText(): (seconds: number) => string {
  const two = (n: number) => `${n}`.padStart(2, '0');
  const ofDay = Array.from(
    { length: 1440 },
    (_, minute) => `${two(Math.floor(minute / 60))}:${two(minute % 60)}:`,
  );
  const ofMinute = Array.from({ length: 60 }, (_, second) => two(second));
  let dayStart = Number.NaN;
  let dayText = '';
  return (seconds) => {
    const within = seconds % 86_400;
    if (seconds - within !== dayStart) {
      dayStart = seconds - within;
      dayText = `${new Date(dayStart * 1000).toISOString().slice(0, 10)} `;
    }
    return dayText + ofDay[Math.floor(within / 60)]! + ofMinute[within % 60]!;
  };
}
