/** What is on sale: shops, brands, items and icons, with the days on which they arrive. */
import { createRandom, type Random } from '../common/random.js';
import { CATEGORIES, LEAVES_PER_CATEGORY, leafWord, NUM_LEAVES, STYLES } from './categories.js';
import type { GenerateOptions } from './options.js';

export interface Shop {
  readonly id: string;
  readonly top: number;
  readonly style: number;
  /** 0 (cheap) .. 1 (dear). */
  readonly tier: number;
  /** -1 (few know it), 0 or 1 (many do); shops that are known offer more items. */
  readonly popularity: number;
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
  readonly popularity: number;
}

export interface Catalogue {
  readonly shops: readonly Shop[];
  readonly items: readonly Item[];
  readonly icons: readonly Icon[];
  /** Items of each leaf, those that arrive first before the others. */
  readonly byLeaf: readonly Int32Array[];
}

/** A fifth of the things arrive during the log, evenly over its days; the others are there from the start. */
const arrival = (random: Random, days: number) =>
  random.uniform() < 0.2 && days > 1 ? 1 + random.integer(days - 1) : 0;

const padded = (prefix: string, at: number, digits: number) =>
  `${prefix}${`${at + 1}`.padStart(digits, '0')}`;
const clamp01 = (x: number) => Math.min(1, Math.max(0, x));

export const userName = (at: number): string => padded('u', at, 6);
export const brandName = (brand: number): string => padded('b', brand, 3);

export function createCatalogue(options: GenerateOptions): Catalogue {
  const random = createRandom(options.seed, 'catalogue');
  const shops = Array.from({ length: options.shops }, (_, at) => createShop(at, options, random));
  const items = Array.from({ length: options.items }, (_, at) => createItem(at, shops, options, random));
  const icons = Array.from(
    { length: options.icons },
    (_, at): Icon => ({
      id: padded('k', at, 3),
      style: at % STYLES.length,
      top: random.integer(CATEGORIES.length),
      popularity: random.integer(3) - 1,
    }),
  );
  const byLeaf = Array.from({ length: NUM_LEAVES }, (): number[] => []);
  for (const [at, { leaf }] of items.entries()) byLeaf[leaf]!.push(at);
  const byArrival = (a: number, b: number) => items[a]!.arrivalDay - items[b]!.arrivalDay || a - b;
  return { shops, items, icons, byLeaf: byLeaf.map((members) => Int32Array.from(members.sort(byArrival))) };
}

function createShop(at: number, { shops, days }: GenerateOptions, random: Random): Shop {
  return {
    id: padded('s', at, 4),
    top: at % CATEGORIES.length,
    style: random.integer(STYLES.length),
    tier: random.uniform(),
    popularity: 1 - Math.floor((3 * at) / shops),
    // The first shop of each category is there from the start, so that every category can be bought.
    arrivalDay: at < CATEGORIES.length ? 0 : arrival(random, days),
  };
}

function createItem(
  at: number,
  shops: readonly Shop[],
  { brands, days }: GenerateOptions,
  random: Random,
): Item {
  // Each shop has an item; the others go to the shops of low numbers more often.
  const isFirst = at < shops.length;
  const shop = isFirst ? at : Math.floor(shops.length * random.uniform() * Math.sqrt(random.uniform()));
  const { top, style: shopStyle, tier: shopTier, arrivalDay: shopArrival } = shops[shop]!;
  const leaf =
    top * LEAVES_PER_CATEGORY + ((isFirst ? at : random.integer(NUM_LEAVES)) % LEAVES_PER_CATEGORY);
  const style = random.uniform() < 0.7 ? shopStyle : random.integer(STYLES.length);
  const tier = clamp01(shopTier + 0.1 * random.normal());
  const quality = random.normal();
  const price = CATEGORIES[top]!.price * Math.exp(Math.LN2 * (4 * tier - 2)) * (0.9 + 0.2 * random.uniform());
  const tags = [
    STYLES[style]!,
    leafWord(leaf),
    ...(tier > 0.66 ? ['premium'] : tier < 0.33 ? ['bargain'] : []),
  ];
  return {
    id: padded('i', at, 6),
    shop,
    brand: drawBrandOfStyle(style, brands, random),
    leaf,
    style,
    tier,
    price: Math.round(price * 100) / 100,
    quality,
    rating: Math.round(10 * Math.min(5, Math.max(1, 3.8 + 0.5 * quality + 0.3 * random.normal()))) / 10,
    tags: tags.join('|'),
    arrivalDay: isFirst ? shopArrival : Math.max(shopArrival, arrival(random, days)),
  };
}

/** Brands keep to a style: brand b has style b mod 6 for four items of five, and any other style else. */
export function drawBrandOfStyle(style: number, brands: number, random: Random): number {
  const any = random.integer(brands);
  const ofStyle = any - (any % STYLES.length) + style;
  return random.uniform() < 0.8 && ofStyle < brands ? ofStyle : any;
}
