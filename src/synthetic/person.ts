/** Users: what they like, what they need at the moment, and how both change from day to day. */
import { createRandom, type Random } from '../common/random.js';
import { CATEGORIES, isDurable, LEAVES_PER_CATEGORY, NUM_LEAVES, STYLES } from './catalogue.js';

export interface Profile {
  readonly id: string;
  readonly age: string;
  readonly gender: string;
  readonly city: string;
  readonly level: string;
}

export interface Person {
  readonly profile: Profile;
  /** Liking of each top category, standard normal at first. */
  readonly taste: Float64Array;
  /** Liking of each style, standard normal. */
  readonly style: Float64Array;
  /** The tier of price that suits, 0 .. 1. */
  readonly tier: number;
  /** Chance of a session on a day. */
  readonly activity: number;
  /** The leaf that is looked for. */
  need: number;
  /** Leaf -> first day on which it is wanted again. */
  readonly wantedFrom: Int32Array;
}

const AGES = ['18-24', '25-34', '35-49', '50+'] as const;
const CITIES = ['tier1', 'tier2', 'tier3'] as const;
const LEVELS = ['bronze', 'silver', 'gold'] as const;

/** How many days a durable thing lasts; other things are wanted again after a day. */
const DURABLE_DAYS = 60;

export function createPerson(seed: number, at: number): Person {
  const random = createRandom(seed, 'person', at);
  const taste = Float64Array.from(CATEGORIES, () => random.normal());
  const style = Float64Array.from(STYLES, () => random.normal());
  const tier = random.uniform();
  // The profile tells something of the person: age of styles, gender of categories, membership of the price tier.
  const age = random.uniform() < 0.6 ? largest(style) % AGES.length : random.integer(AGES.length);
  const leansTo = taste[2]! + taste[5]! > taste[0]! + taste[6]! ? 'f' : 'm';
  const gender = random.uniform() < 0.7 ? leansTo : leansTo === 'f' ? 'm' : 'f';
  const level = random.uniform() < 0.6 ? Math.min(2, Math.floor(tier * 3)) : random.integer(3);
  const person: Person = {
    profile: {
      id: `u${`${at + 1}`.padStart(6, '0')}`,
      age: AGES[age]!,
      gender,
      city: CITIES[random.integer(CITIES.length)]!,
      level: LEVELS[level]!,
    },
    taste,
    style,
    tier,
    activity: 0.3 + 0.6 * random.uniform(),
    need: 0,
    wantedFrom: new Int32Array(NUM_LEAVES),
  };
  person.need = drawNeed(person, 0, random);
  return person;
}

const largest = (values: Float64Array) =>
  values.reduce((best, value, at) => (value > values[best]! ? at : best), 0);

/** How likely each leaf is to be wanted on a day: exp(1.5 taste of its category), 0 for what still serves. */
export function needWeights(person: Person, day: number): Float64Array {
  const weights = new Float64Array(NUM_LEAVES);
  for (let leaf = 0; leaf < NUM_LEAVES; leaf++) {
    const wanted = person.wantedFrom[leaf]! <= day;
    weights[leaf] = wanted ? Math.exp(1.5 * person.taste[Math.floor(leaf / LEAVES_PER_CATEGORY)]!) : 0;
  }
  return weights;
}

function drawNeed(person: Person, day: number, random: Random): number {
  return drawIndex(needWeights(person, day), random);
}

/** An index drawn in proportion to the weights. */
export function drawIndex(weights: Float64Array, random: Random): number {
  let left = random.uniform() * weights.reduce((sum, weight) => sum + weight, 0);
  for (let at = 0; at < weights.length; at++) {
    left -= weights[at]!;
    if (left < 0) return at;
  }
  return weights.length - 1;
}

/** A new day: tastes drift by N(0, 0.05), and one need in five gives way to another. */
export function passNight(person: Person, day: number, random: Random): void {
  for (let top = 0; top < person.taste.length; top++) person.taste[top]! += 0.05 * random.normal();
  if (random.uniform() < 0.2) person.need = drawNeed(person, day, random);
}

/** Having bought a thing: it is not wanted again for its time, and another need takes its place. */
export function buy(person: Person, leaf: number, day: number, random: Random): void {
  person.wantedFrom[leaf] = day + (isDurable(leaf) ? DURABLE_DAYS : 1);
  if (person.need === leaf) person.need = drawNeed(person, day, random);
}
