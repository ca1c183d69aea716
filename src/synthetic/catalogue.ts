/** What is on sale: a tree of categories, brands, shops, items and icons, with the days on which they arrive. */
import { createRandom, type Random } from '../common/random.js';
import type { GenerateOptions } from './options.js';

/** Top categories, the words of their leaves, their typical price, and which leaves hold things bought once. */
export const CATEGORIES = [
  {
    name: 'phones',
    leaves: ['phone', 'case', 'charger', 'headset', 'tablet'],
    price: 300,
    durable: [0, 3, 4],
  },
  { name: 'shoes', leaves: ['sneaker', 'boot', 'sandal', 'heel', 'slipper'], price: 60, durable: [1] },
  { name: 'dresses', leaves: ['dress', 'skirt', 'shirt', 'coat', 'scarf'], price: 45, durable: [3] },
  { name: 'home', leaves: ['lamp', 'sofa', 'curtain', 'towel', 'kettle'], price: 90, durable: [0, 1, 4] },
  { name: 'toys', leaves: ['puzzle', 'doll', 'robot', 'blocks', 'kite'], price: 25, durable: [2] },
  { name: 'beauty', leaves: ['cream', 'lipstick', 'perfume', 'mask', 'brush'], price: 30, durable: [] },
  { name: 'sports', leaves: ['bike', 'racket', 'tent', 'ball', 'mat'], price: 110, durable: [0, 1, 2] },
  { name: 'food', leaves: ['tea', 'coffee', 'nuts', 'rice', 'oil'], price: 12, durable: [] },
] as const;

export const LEAVES_PER_CATEGORY = 5;
export const NUM_LEAVES = CATEGORIES.length * LEAVES_PER_CATEGORY;
export const STYLES = ['classic', 'street', 'minimal', 'cute', 'luxury', 'outdoor'] as const;

export const topOf = (leaf: number): number => Math.floor(leaf / LEAVES_PER_CATEGORY);
export const leafWord = (leaf: number): string =>
  CATEGORIES[topOf(leaf)]!.leaves[leaf % LEAVES_PER_CATEGORY]!;
export const isDurable = (leaf: number): boolean =>
  (CATEGORIES[topOf(leaf)]!.durable as readonly number[]).includes(leaf % LEAVES_PER_CATEGORY);

export interface Shop {
  readonly id: string;
  readonly top: number;
  readonly style: number;
  /** 0 (cheap) .. 1 (dear). */
  readonly tier: number;
  readonly arrivalDay: number;
}

export interface Item {
  readonly id: string;
  readonly shop: number;
  readonly brand: number;
  readonly leaf: number;
  readonly style: number;
  readonly tier: number;
  readonly price: number;
  /** Standard normal; the rating shows it with noise. */
  readonly quality: number;
  readonly rating: number;
  readonly tags: string;
  readonly arrivalDay: number;
}

export interface Icon {
  readonly id: string;
  readonly style: number;
  readonly top: number;
}

export interface Catalogue {
  readonly shops: readonly Shop[];
  readonly items: readonly Item[];
  readonly icons: readonly Icon[];
  /** Items of each leaf by day of arrival. */
  readonly byLeaf: readonly (readonly number[])[];
}

/** A fifth of the things arrive during the log, evenly over its days; the others are there from the start. */
const arrival = (random: Random, days: number) =>
  random.uniform() < 0.2 && days > 1 ? 1 + random.integer(days - 1) : 0;

const padded = (prefix: string, at: number, digits: number) =>
  `${prefix}${`${at + 1}`.padStart(digits, '0')}`;
const clamp01 = (x: number) => Math.min(1, Math.max(0, x));

export function createCatalogue({ seed, days, shops, items, brands, icons }: GenerateOptions): Catalogue {
  const random = createRandom(seed, 'catalogue');
  const allShops = Array.from(
    { length: shops },
    (_, at): Shop => ({
      id: padded('s', at, 4),
      top: at % CATEGORIES.length,
      style: random.integer(STYLES.length),
      tier: random.uniform(),
      // The first shop of each category is there from the start, so that every category can be bought.
      arrivalDay: at < CATEGORIES.length ? 0 : arrival(random, days),
    }),
  );
  const allItems = Array.from(
    { length: items },
    (_, at): Item => createItem(at, allShops, brands, days, random),
  );
  const byLeaf = Array.from({ length: NUM_LEAVES }, (): number[] => []);
  for (const [at, { leaf }] of allItems.entries()) byLeaf[leaf]!.push(at);
  for (const members of byLeaf)
    members.sort((a, b) => allItems[a]!.arrivalDay - allItems[b]!.arrivalDay || a - b);
  return {
    shops: allShops,
    items: allItems,
    icons: Array.from(
      { length: icons },
      (_, at): Icon => ({
        id: padded('k', at, 3),
        style: at % STYLES.length,
        top: random.integer(CATEGORIES.length),
      }),
    ),
    byLeaf,
  };
}

function createItem(at: number, shops: readonly Shop[], brands: number, days: number, random: Random): Item {
  const shop = at < shops.length ? at : random.integer(shops.length);
  const { top, style: shopStyle, tier: shopTier, arrivalDay: shopArrival } = shops[shop]!;
  const leaf =
    top * LEAVES_PER_CATEGORY +
    (at < shops.length ? at % LEAVES_PER_CATEGORY : random.integer(LEAVES_PER_CATEGORY));
  const style = random.uniform() < 0.7 ? shopStyle : random.integer(STYLES.length);
  const tier = clamp01(shopTier + 0.1 * random.normal());
  const quality = random.normal();
  // Brands keep to a style: brand b has style b mod 6 for four items of five.
  const ofStyle = Math.floor(random.integer(brands) / STYLES.length) * STYLES.length + style;
  const brand = random.uniform() < 0.8 && ofStyle < brands ? ofStyle : random.integer(brands);
  const price = CATEGORIES[top]!.price * 2 ** (4 * tier - 2) * (0.9 + 0.2 * random.uniform());
  const tags = [
    STYLES[style]!,
    leafWord(leaf),
    ...(tier > 0.66 ? ['premium'] : tier < 0.33 ? ['bargain'] : []),
  ];
  return {
    id: padded('i', at, 6),
    shop,
    brand,
    leaf,
    style,
    tier,
    price: Math.round(price * 100) / 100,
    quality,
    rating: Math.round(10 * Math.min(5, Math.max(1, 3.8 + 0.5 * quality + 0.3 * random.normal()))) / 10,
    tags: tags.join('|'),
    arrivalDay: at < shops.length ? shopArrival : Math.max(shopArrival, arrival(random, days)),
  };
}

export const leafName = (leaf: number): string => `${CATEGORIES[topOf(leaf)]!.name}/${leafWord(leaf)}`;
export const brandName = (brand: number): string => padded('b', brand, 3);
