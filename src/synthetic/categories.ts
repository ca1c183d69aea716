/** The category tree (top categories, each of five leaves) and the styles that items, shops, icons and people have. */

/** Names of the leaves are words of queries; `price` is typical; `durable` are leaves of things bought once. */
export const CATEGORIES = [
  {
    name: 'phones',
    leaves: ['phone', 'case', 'charger', 'headset', 'tablet'],
    price: 300,
    durable: [0, 2, 3, 4],
  },
  { name: 'shoes', leaves: ['sneaker', 'boot', 'sandal', 'heel', 'slipper'], price: 60, durable: [1, 2] },
  { name: 'dresses', leaves: ['dress', 'skirt', 'shirt', 'coat', 'scarf'], price: 45, durable: [3, 4] },
  { name: 'home', leaves: ['lamp', 'sofa', 'curtain', 'towel', 'kettle'], price: 90, durable: [0, 1, 2, 4] },
  { name: 'toys', leaves: ['puzzle', 'doll', 'robot', 'blocks', 'kite'], price: 25, durable: [2, 4] },
  { name: 'beauty', leaves: ['cream', 'lipstick', 'perfume', 'mask', 'brush'], price: 30, durable: [2] },
  { name: 'sports', leaves: ['bike', 'racket', 'tent', 'ball', 'mat'], price: 110, durable: [0, 1, 2, 4] },
  { name: 'food', leaves: ['tea', 'coffee', 'nuts', 'rice', 'oil'], price: 12, durable: [] },
] as const;

export const STYLES = ['classic', 'street', 'minimal', 'cute', 'luxury', 'outdoor'] as const;

export const LEAVES_PER_CATEGORY = 5;
export const NUM_LEAVES = CATEGORIES.length * LEAVES_PER_CATEGORY;

export const topOf = (leaf: number): number => Math.floor(leaf / LEAVES_PER_CATEGORY);
export const leafWord = (leaf: number): string =>
  CATEGORIES[topOf(leaf)]!.leaves[leaf % LEAVES_PER_CATEGORY]!;
export const leafName = (leaf: number): string => `${CATEGORIES[topOf(leaf)]!.name}/${leafWord(leaf)}`;
export const isDurable = (leaf: number): boolean =>
  (CATEGORIES[topOf(leaf)]!.durable as readonly number[]).includes(leaf % LEAVES_PER_CATEGORY);
