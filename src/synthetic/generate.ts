/** `dupn generate`: a log of which the truth is known (docs/synthetic-log.md), day by day, so that only the people are kept. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '../common/context.js';
import { createRandom } from '../common/random.js';
import {
  brandName,
  CATEGORIES,
  type Catalogue,
  createCatalogue,
  type Item,
  leafName,
  STYLES,
} from './catalogue.js';
import { CsvFile } from './csv-file.js';
import type { GenerateOptions } from './options.js';
import { createPerson, type Person, passNight } from './person.js';
import { type Day, type SampleRow, simulateSession } from './session.js';

export interface GenerateResult {
  readonly folder: string;
  /** File -> rows. */
  readonly files: Readonly<Record<string, number>>;
}

const DAY_SECONDS = 86_400;

/** 'YYYY-MM-DD HH:MM:SS' of seconds since 1970, UTC. */
const timeText = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ');

const itemFields = (item: Item, { shops }: Catalogue) => [
  shops[item.shop]!.id,
  brandName(item.brand),
  leafName(item.leaf),
  item.tags,
  item.price,
];

/** Writes the files into `folder`, which is made; files of the same names are written over. */
export async function generateLog(
  folder: string,
  options: GenerateOptions,
  { progress, logger }: Context,
): Promise<GenerateResult> {
  await mkdir(folder, { recursive: true });
  const catalogue = createCatalogue(options);
  const people = Array.from({ length: options.users }, (_, at) => createPerson(options.seed, at));
  const files = await writeTables(folder, catalogue, people);
  const open = (name: string, header: string) => new CsvFile(join(folder, name), header.split(','));
  const item = 'shop_id,brand_id,category_id,tags,price';
  const out = {
    'events.csv.gz': open('events.csv.gz', `user_id,time,behavior,scenario,query,device,item_id,${item}`),
    'impressions.csv.gz': open(
      'impressions.csv.gz',
      'request_id,user_id,time,scenario,query,position,item_id,label,bought',
    ),
    'icon_samples.csv.gz': open('icon_samples.csv.gz', 'user_id,time,icon_id,label'),
    'shop_samples.csv.gz': open('shop_samples.csv.gz', 'user_id,time,shop_id,label'),
    'price_samples.csv.gz': open('price_samples.csv.gz', 'user_id,time,label'),
    ...(options.truth
      ? { 'truth.csv.gz': open('truth.csv.gz', 'request_id,position,item_id,click_probability') }
      : {}),
  };
  const bar = progress.start('generate', options.days);
  try {
    for (let day = 0; day < options.days; day++) {
      const result = simulateDay(options, catalogue, people, day);
      addDay(result, catalogue, out);
      for (const file of Object.values(out)) await file.flush();
      bar.update(day + 1, { events: out['events.csv.gz'].rows });
    }
  } finally {
    bar.stop();
    for (const file of Object.values(out)) await file.close();
  }
  for (const [name, file] of Object.entries(out)) files[name] = file.rows;
  logger.info({ folder, ...files }, 'generated');
  return { folder, files };
}

function simulateDay(
  options: GenerateOptions,
  catalogue: Catalogue,
  people: readonly Person[],
  day: number,
): Day {
  const dayStart = Date.parse(`${options.start}T00:00:00Z`) / 1000 + day * DAY_SECONDS;
  const weekday = new Date(dayStart * 1000).getUTCDay();
  const moment = { day, dayStart, isWeekend: weekday === 0 || weekday === 6 };
  const result: Day = { events: [], impressions: [], icons: [], shops: [], prices: [] };
  for (const [at, person] of people.entries()) {
    const random = createRandom(options.seed, 'day', day, at);
    if (day > 0) passNight(person, day, random);
    if (random.uniform() < person.activity) simulateSession(person, catalogue, moment, random, result);
  }
  return result;
}

/** Adds the rows of a day to the files, in order of time; rows of one time stay in the order of the users. */
function addDay(day: Day, catalogue: Catalogue, out: Readonly<Record<string, CsvFile>>): void {
  const { items, shops, icons } = catalogue;
  const byTime = <T extends { readonly time: number }>(rows: T[]) => rows.sort((a, b) => a.time - b.time);
  for (const { user, time, behavior, scenario, query, device, item } of byTime(day.events)) {
    const { id } = items[item]!;
    out['events.csv.gz']!.add([
      ...[user, timeText(time), behavior, scenario, query, device, id],
      ...itemFields(items[item]!, catalogue),
    ]);
  }
  for (const row of byTime(day.impressions)) {
    const { id } = items[row.item]!;
    out['impressions.csv.gz']!.add([
      ...[row.request, row.user, timeText(row.time), row.scenario, row.query, row.position, id],
      ...[row.label, row.bought],
    ]);
    out['truth.csv.gz']?.add([row.request, row.position, id, row.probability.toFixed(6)]);
  }
  const samples = (name: string, rows: SampleRow[], candidate: ((at: number) => string) | null) => {
    for (const { user, time, candidate: of, label } of byTime(rows)) {
      out[name]!.add([user, timeText(time), ...(candidate ? [candidate(of)] : []), label]);
    }
  };
  samples('icon_samples.csv.gz', day.icons, (at) => icons[at]!.id);
  samples('shop_samples.csv.gz', day.shops, (at) => shops[at]!.id);
  samples('price_samples.csv.gz', day.prices, null);
}

async function writeTables(
  folder: string,
  catalogue: Catalogue,
  people: readonly Person[],
): Promise<Record<string, number>> {
  const { items, shops, icons } = catalogue;
  const tier = (value: number) => (value < 1 / 3 ? 'low' : value < 2 / 3 ? 'middle' : 'high');
  const tables: Record<
    string,
    { readonly header: string; readonly rows: readonly (readonly (string | number)[])[] }
  > = {
    'items.csv.gz': {
      header: 'item_id,shop_id,brand_id,category_id,tags,price,rating',
      rows: items.map((item) => [item.id, ...itemFields(item, catalogue), item.rating]),
    },
    'shops.csv.gz': {
      header: 'shop_id,style,category,tier',
      rows: shops.map((shop) => [shop.id, STYLES[shop.style]!, CATEGORIES[shop.top]!.name, tier(shop.tier)]),
    },
    'icons.csv.gz': {
      header: 'icon_id,style,category',
      rows: icons.map((icon) => [icon.id, STYLES[icon.style]!, CATEGORIES[icon.top]!.name]),
    },
    'users.csv.gz': {
      header: 'user_id,age,gender,city,level',
      rows: people.map(({ profile: { id, age, gender, city, level } }) => [id, age, gender, city, level]),
    },
  };
  const counts: Record<string, number> = {};
  for (const [name, { header, rows }] of Object.entries(tables)) {
    const file = new CsvFile(join(folder, name), header.split(','));
    for (const row of rows) file.add(row);
    await file.close();
    counts[name] = file.rows;
  }
  return counts;
}
