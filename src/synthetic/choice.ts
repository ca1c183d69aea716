/** The truth behind every label: the probabilities with which people click, keep and buy (docs/synthetic-log.md). */
import type { Icon, Item, Shop } from './catalogue.js';
import { topOf } from './categories.js';
import type { Fashion } from './fashion.js';
import { isSatisfied, leafTaste, type Person } from './person.js';

export type Scenario = 'search' | 'recommendation' | 'ad';

/** For an errand people look at price and purpose; at leisure, at what they like. */
export type Mode = 'errand' | 'leisure';

/** What a choice depends on beside the person and the item. */
export interface Situation {
  readonly mode: Mode;
  /** The leaf that the person has in mind. */
  readonly intent: number;
  readonly day: number;
  readonly fashion: Fashion;
  /** GenerateOptions.signal. */
  readonly signal: number;
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** Liking of an item whatever it costs: category, style, brand. */
const taste = (person: Person, item: Item): number =>
  0.8 * leafTaste(person, item.leaf) +
  person.style[item.style]! +
  (person.brands.includes(item.brand) ? 0.8 : 0);

/** How far the price is from what suits; a third is the mean over all people and items. */
const priceFit = (person: Person, item: Item): number => 1 / 3 - Math.abs(item.tier - person.tier);

/** What everybody likes: quality and fashion. */
const appeal = ({ quality, leaf, style }: Item, { fashion }: Situation): number =>
  0.3 * quality + 0.2 * fashion.leaf[leaf]! + 0.3 * fashion.style[style]!;

/** 1 for the leaf in mind, 0.3 for its neighbours, -1.5 for what was bought and still serves, 0 for the rest. */
function wants(person: Person, item: Item, { intent, day }: Situation): number {
  if (isSatisfied(person, item.leaf, day)) return -1.5;
  if (item.leaf === intent) return 1;
  return topOf(item.leaf) === topOf(intent) ? 0.3 : 0;
}

/** Of the logit of a click: where it starts, and how much of what people like and want reaches it. */
const CLICK = {
  search: { bias: -2.2, strength: 1 },
  recommendation: { bias: -2, strength: 1 },
  ad: { bias: -1.5, strength: 0.15 },
} as const;

const WEIGHTS = {
  errand: { taste: 0.3, price: 5, wants: 1.5 },
  leisure: { taste: 1, price: 1.5, wants: 1 },
} as const;

/** Position p (from 0) is looked at less than the first: -0.12 p on the scale of the logit. */
const POSITION = -0.12;

/** Probability of a click on what is shown. An ad is mostly clicked by accident. */
export function clickProbability(
  person: Person,
  item: Item,
  situation: Situation,
  scenario: Scenario,
  position: number,
): number {
  const { bias, strength } = CLICK[scenario];
  const weights = WEIGHTS[situation.mode];
  const liking =
    weights.taste * taste(person, item) +
    weights.price * priceFit(person, item) +
    weights.wants * wants(person, item, situation) +
    appeal(item, situation);
  return sigmoid(bias + situation.signal * strength * liking + POSITION * position);
}

/** What follows a click does not depend on how the item was found. One keeps what one likes, whatever it costs. */
export function favoriteProbability(person: Person, item: Item, { signal }: Situation): number {
  return sigmoid(-2.8 + signal * taste(person, item));
}

/** One puts into the cart what suits the purse and is wanted. */
export function cartProbability(person: Person, item: Item, situation: Situation): number {
  const liking =
    0.3 * taste(person, item) + 6 * priceFit(person, item) + 1.5 * wants(person, item, situation);
  return sigmoid(-2.5 + situation.signal * liking);
}

export function buyProbability(person: Person, item: Item, situation: Situation): number {
  const liking =
    0.2 * taste(person, item) + 4 * priceFit(person, item) + 0.8 * wants(person, item, situation);
  return sigmoid(-0.7 + situation.signal * liking);
}

export function followProbability(person: Person, icon: Icon, signal: number): number {
  const liking = 1.2 * person.style[icon.style]! + 0.6 * person.top[icon.top]!;
  return sigmoid(-1.2 + 0.4 * icon.popularity + signal * liking);
}

export function shopProbability(person: Person, shop: Shop, signal: number): number {
  const liking =
    0.8 * person.top[shop.top]! +
    0.8 * person.style[shop.style]! +
    4 * (1 / 3 - Math.abs(shop.tier - person.tier));
  return sigmoid(-1 + 0.4 * shop.popularity + signal * liking);
}
