/** The tables of what is there and who: items, shops, icons, users, and with the truth, what users are like. */
import { join } from 'node:path';
import type { Catalogue } from './catalogue.js';
import { CATEGORIES, leafName, NUM_LEAVES, STYLES } from './categories.js';
import { CsvFile } from './csv-file.js';
import { itemFields } from './log-files.js';
import type { Person } from './person.js';

interface Table {
  readonly header: string;
  readonly rows: readonly string[];
}

const third = (tier: number) => ['low', 'middle', 'high'][Math.min(2, Math.floor(tier * 3))]!;
const POPULARITY = ['small', 'known', 'famous'] as const;

export async function writeEntityTables(
  folder: string,
  catalogue: Catalogue,
  people: readonly Person[],
): Promise<Record<string, number>> {
  const { items, shops, icons } = catalogue;
  return {
    ...(await writeTable(folder, 'items.csv.gz', {
      header: 'item_id,shop_id,brand_id,category_id,tags,price,rating',
      rows: items.map((item) => `${item.id},${itemFields(item, catalogue)},${item.rating}`),
    })),
    ...(await writeTable(folder, 'shops.csv.gz', {
      header: 'shop_id,style,category,tier,popularity',
      rows: shops.map(
        ({ id, style, top, tier, popularity }) =>
          `${id},${STYLES[style]!},${CATEGORIES[top]!.name},${third(tier)},${POPULARITY[popularity + 1]!}`,
      ),
    })),
    ...(await writeTable(folder, 'icons.csv.gz', {
      header: 'icon_id,style,category,popularity',
      rows: icons.map(
        ({ id, style, top, popularity }) =>
          `${id},${STYLES[style]!},${CATEGORIES[top]!.name},${POPULARITY[popularity + 1]!}`,
      ),
    })),
    ...(await writeTable(folder, 'users.csv.gz', {
      header: 'user_id,age,gender,city,level',
      rows: people.map(
        ({ profile: { id, age, gender, city, level } }) => `${id},${age},${gender},${city},${level}`,
      ),
    })),
  };
}

/** What users are like at the end of the log. */
export function writeTruthOfUsers(
  folder: string,
  people: readonly Person[],
): Promise<Record<string, number>> {
  const leaves = Array.from({ length: NUM_LEAVES }, (_, leaf) => leafName(leaf));
  const header = ['user_id,tier,need', ...CATEGORIES.map(({ name }) => name), ...leaves, ...STYLES].join(',');
  const numbers = (values: Float64Array) => Array.from(values, (value) => value.toFixed(4)).join(',');
  const rows = people.map(
    ({ profile, tier, need, top, leaf, style }) =>
      `${profile.id},${tier.toFixed(4)},${leafName(need)},${numbers(top)},${numbers(leaf)},${numbers(style)}`,
  );
  return writeTable(folder, 'truth_users.csv.gz', { header, rows });
}

async function writeTable(
  folder: string,
  name: string,
  { header, rows }: Table,
): Promise<Record<string, number>> {
  const file = new CsvFile(join(folder, name), header);
  for (const row of rows) file.add(row);
  await file.close();
  return { [name]: file.rows };
}
