/** Users: what they like, what they need at the moment, and how both change from day to day. */
import { createRandom, type Random } from '../common/random.js';
import { drawBrandOfStyle, userName } from './catalogue.js';
import { CATEGORIES, isDurable, NUM_LEAVES, STYLES, topOf } from './categories.js';
import { drift } from './fashion.js';

export interface Profile {
  readonly id: string;
  readonly age: string;
  readonly gender: string;
  readonly city: string;
  readonly level: string;
}

export interface Person {
  readonly profile: Profile;
  /** Liking of each top category, and beyond that of each leaf; standard normal at any time. */
  readonly top: Float64Array;
  readonly leaf: Float64Array;
  /** Liking of each style, standard normal. */
  readonly style: Float64Array;
  /** Brands that are liked for themselves. */
  readonly brands: readonly number[];
  /** The tier of price that suits, 0 .. 1. */
  readonly tier: number;
  /** Scales the chance of a session. */
  readonly activity: number;
  /** The leaf that is looked for. */
  need: number;
  /** Leaf -> first day on which it is wanted again. */
  readonly wantedFrom: Int32Array;
  /** Leaves that were clicked last, which shops show again. */
  readonly clicked: number[];
}

const AGES = ['18-24', '25-34', '35-49', '50+'] as const;
const CITIES = ['tier1', 'tier2', 'tier3'] as const;
const LEVELS = ['bronze', 'silver', 'gold'] as const;

/** How many days a thing serves once bought. */
const DURABLE_DAYS = 60;
const OTHER_DAYS = 2;
const CLICKED_KEPT = 5;
const LIKED_BRANDS = 3;

/** From one day to the next a hundredth of the variance of tastes is new. */
const KEPT = Math.sqrt(0.99);
const NEW = Math.sqrt(0.01);

export function createPerson(seed: number, at: number, numBrands: number): Person {
  const random = createRandom(seed, 'person', at);
  const top = Float64Array.from(CATEGORIES, () => random.normal());
  const style = Float64Array.from(STYLES, () => random.normal());
  const tier = random.uniform();
  const person: Person = {
    profile: createProfile(at, { top, style, tier }, random),
    top,
    leaf: Float64Array.from({ length: NUM_LEAVES }, () => random.normal()),
    style,
    brands: Array.from({ length: LIKED_BRANDS }, () =>
      drawBrandOfStyle(drawIndex(style.map(Math.exp), random), numBrands, random),
    ),
    tier,
    activity: 0.4 + 0.6 * random.uniform(),
    need: 0,
    wantedFrom: new Int32Array(NUM_LEAVES),
    clicked: [],
  };
  person.need = drawNeed(person, 0, random);
  return person;
}

/** The profile tells something of the person: age of styles, gender of categories, membership of the price tier. */
function createProfile(
  at: number,
  { top, style, tier }: Pick<Person, 'top' | 'style' | 'tier'>,
  random: Random,
): Profile {
  const favourite = style.indexOf(Math.max(...style));
  const age = random.uniform() < 0.6 ? favourite % AGES.length : random.integer(AGES.length);
  const leansTo = top[2]! + top[5]! > top[0]! + top[6]! ? 'f' : 'm';
  const level = random.uniform() < 0.6 ? Math.min(2, Math.floor(tier * 3)) : random.integer(3);
  return {
    id: userName(at),
    age: AGES[age]!,
    gender: random.uniform() < 0.7 ? leansTo : leansTo === 'f' ? 'm' : 'f',
    city: CITIES[random.integer(CITIES.length)]!,
    level: LEVELS[level]!,
  };
}

/** Liking of a leaf: that of its top category, and two fifths as much its own. */
export const leafTaste = (person: Person, leaf: number): number =>
  person.top[topOf(leaf)]! + 0.4 * person.leaf[leaf]!;

export const isSatisfied = (person: Person, leaf: number, day: number): boolean =>
  person.wantedFrom[leaf]! > day;

/** How likely each leaf is to come to mind on a day: exp(taste), 0 for what still serves. */
export function leafWeights(person: Person, day: number): Float64Array {
  const weights = new Float64Array(NUM_LEAVES);
  for (let leaf = 0; leaf < NUM_LEAVES; leaf++) {
    weights[leaf] = isSatisfied(person, leaf, day) ? 0 : Math.exp(leafTaste(person, leaf));
  }
  return weights;
}

/** Three needs of ten are somebody else's: any leaf. */
function drawNeed(person: Person, day: number, random: Random): number {
  if (random.uniform() < 0.3) return random.integer(NUM_LEAVES);
  return drawIndex(leafWeights(person, day), random);
}

/** An index drawn in proportion to the weights. */
export function drawIndex(weights: Float64Array, random: Random): number {
  let total = 0;
  for (let at = 0; at < weights.length; at++) total += weights[at]!;
  let left = random.uniform() * total;
  for (let at = 0; at < weights.length; at++) {
    left -= weights[at]!;
    if (left < 0) return at;
  }
  return weights.length - 1;
}

/** A new day: tastes drift, and one need in ten gives way to another. */
export function passNight(person: Person, day: number, random: Random): void {
  drift(person.top, KEPT, NEW, random);
  drift(person.leaf, KEPT, NEW, random);
  drift(person.style, KEPT, NEW, random);
  if (random.uniform() < 0.1) person.need = drawNeed(person, day, random);
}

export function click(person: Person, leaf: number): void {
  if (person.clicked.push(leaf) > CLICKED_KEPT) person.clicked.shift();
}

/** What is in the cart and not bought yet is what one looks for from then on. */
export function putInCart(person: Person, leaf: number): void {
  person.need = leaf;
}

/** Having bought a thing: it is not wanted again for its time, and another need takes its place. */
export function buy(person: Person, leaf: number, day: number, random: Random): void {
  person.wantedFrom[leaf] = day + (isDurable(leaf) ? DURABLE_DAYS : OTHER_DAYS);
  if (person.need === leaf) person.need = drawNeed(person, day, random);
}
