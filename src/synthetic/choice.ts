/** The truth behind every label: the probabilities with which people click, keep and buy (docs/synthetic-log.md). */
import { type Icon, type Item, type Shop, topOf } from './catalogue.js';
import type { Person } from './person.js';

export type Scenario = 'search' | 'recommendation' | 'ad';

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** How well an item suits a person whatever the moment: category, style, price, quality. */
function suits(person: Person, item: Item): number {
  const { taste, style, tier } = person;
  return (
    0.6 * taste[topOf(item.leaf)]! +
    0.7 * style[item.style]! -
    3 * Math.abs(item.tier - tier) +
    0.3 * item.quality
  );
}

/** 1 for what is looked for, -1.5 for what was bought and still serves, 0 for the rest. */
function wants(person: Person, item: Item, day: number): number {
  if (person.wantedFrom[item.leaf]! > day) return -1.5;
  return person.need === item.leaf ? 1 : 0;
}

/** Position p (from 0) is looked at less than the first: -0.12 p on the scale of the logit. */
const POSITION = -0.12;

/**
 * Probability of a click. Searchers follow their need, browsers their taste; an ad is mostly clicked by accident, so a
 * click on one says a quarter of what another click says.
 */
export function clickProbability(
  person: Person,
  item: Item,
  {
    scenario,
    position,
    day,
  }: { readonly scenario: Scenario; readonly position: number; readonly day: number },
): number {
  const suit = suits(person, item);
  const want = wants(person, item, day);
  switch (scenario) {
    case 'search':
      return sigmoid(-2.2 + suit + 1.5 * want + POSITION * position);
    case 'recommendation':
      return sigmoid(-1.9 + suit + 2 * want + POSITION * position);
    case 'ad':
      return sigmoid(-2.4 + 0.25 * suit + 0.25 * want + POSITION * position);
  }
}

/** What follows a click depends on the item and not on how it was found: favourite, cart, buy. */
export function favoriteProbability(person: Person, item: Item): number {
  return sigmoid(-2.5 + suits(person, item));
}

export function cartProbability(person: Person, item: Item, day: number): number {
  return sigmoid(-2.5 + suits(person, item) + 2 * wants(person, item, day));
}

export function buyProbability(person: Person, item: Item, day: number): number {
  return sigmoid(-0.5 + 0.5 * suits(person, item) + 1.5 * wants(person, item, day));
}

export function followProbability(person: Person, icon: Icon): number {
  return sigmoid(-1.2 + 1.3 * person.style[icon.style]! + 0.6 * person.taste[icon.top]!);
}

export function shopProbability(person: Person, shop: Shop): number {
  return sigmoid(
    -0.2 +
      0.9 * person.taste[shop.top]! +
      0.9 * person.style[shop.style]! -
      3 * Math.abs(shop.tier - person.tier),
  );
}
