/** One person's session: pages that are shown, what is clicked, kept and bought, and the samples of the other tasks. */
import type { Random } from '../common/random.js';
import { type Catalogue, leafWord, STYLES } from './catalogue.js';
import {
  buyProbability,
  cartProbability,
  clickProbability,
  favoriteProbability,
  followProbability,
  type Scenario,
  shopProbability,
} from './choice.js';
import { buy, drawIndex, needWeights, type Person } from './person.js';

export interface EventRow {
  readonly time: number;
  readonly user: string;
  readonly behavior: 'click' | 'favorite' | 'cart' | 'buy';
  readonly scenario: Scenario;
  readonly item: number;
  readonly query: string;
  readonly device: string;
}

export interface ImpressionRow {
  readonly request: string;
  readonly time: number;
  readonly user: string;
  readonly scenario: Scenario;
  readonly query: string;
  readonly position: number;
  readonly item: number;
  readonly label: 0 | 1;
  readonly bought: 0 | 1;
  readonly probability: number;
}

/** A sample of one of the other tasks: about an icon, a shop or (price) about nothing. */
export interface SampleRow {
  readonly time: number;
  readonly user: string;
  readonly candidate: number;
  readonly label: number;
}

/** Everything of a day, in no order. */
export interface Day {
  readonly events: EventRow[];
  readonly impressions: ImpressionRow[];
  readonly icons: SampleRow[];
  readonly shops: SampleRow[];
  readonly prices: SampleRow[];
}

export interface Moment {
  readonly day: number;
  /** Seconds since 1970 at the start of the day. */
  readonly dayStart: number;
  readonly isWeekend: boolean;
}

const ITEMS_PER_PAGE = 8;

/** Price levels 0 .. 6 of a tier between 0 and 1. */
const priceLevel = (tier: number): number => Math.min(6, Math.floor(tier * 7));

/** Adds what a person does in a session to the day. */
export function simulateSession(
  person: Person,
  catalogue: Catalogue,
  moment: Moment,
  random: Random,
  result: Day,
): void {
  // Mornings are for errands (search), evenings and weekends for browsing (recommendations).
  const isLeisure = random.uniform() < (moment.isWeekend ? 0.8 : 0.55);
  const hour = isLeisure ? 18 + random.integer(5) : 7 + random.integer(5);
  let time = moment.dayStart + hour * 3600 + random.integer(1800);
  const device = random.uniform() < (isLeisure ? 0.8 : 0.4) ? 'phone' : 'desktop';
  const user = person.profile.id;
  const start = time;
  samplePreferences(person, catalogue, moment, start, random, result);
  let firstBought: number | null = null;
  const pages = 2 + random.integer(4);
  for (let page = 0; page < pages; page++) {
    const scenario = drawScenario(isLeisure, random);
    const query = scenario === 'search' ? queryOf(person, random) : '';
    const shown = drawPage(person, catalogue, scenario, moment.day, random);
    const request = `${user}-${time}`;
    const pageTime = time;
    for (const [position, item] of shown.entries()) {
      const row = catalogue.items[item]!;
      const probability = clickProbability(person, row, { scenario, position, day: moment.day });
      const clicked = random.uniform() < probability;
      let bought = false;
      if (clicked) {
        const add = (behavior: EventRow['behavior']) => {
          time += 5 + random.integer(40);
          result.events.push({ time, user, behavior, scenario, item, query, device });
        };
        add('click');
        if (random.uniform() < favoriteProbability(person, row)) add('favorite');
        if (random.uniform() < cartProbability(person, row, moment.day)) {
          add('cart');
          if (random.uniform() < buyProbability(person, row, moment.day)) {
            add('buy');
            bought = true;
            firstBought ??= item;
            buy(person, row.leaf, moment.day, random);
          }
        }
      }
      result.impressions.push({
        request,
        time: pageTime,
        user,
        scenario,
        query,
        position,
        item,
        label: clicked ? 1 : 0,
        bought: bought ? 1 : 0,
        probability,
      });
    }
    time += 20 + random.integer(60);
  }
  if (firstBought !== null) {
    const label = priceLevel(catalogue.items[firstBought]!.tier);
    result.prices.push({ time: start, user, candidate: 0, label });
  }
}

function drawScenario(isLeisure: boolean, random: Random): Scenario {
  const x = random.uniform();
  if (isLeisure) return x < 0.65 ? 'recommendation' : x < 0.85 ? 'ad' : 'search';
  return x < 0.65 ? 'search' : x < 0.8 ? 'ad' : 'recommendation';
}

/** The word for what is needed, and for every second search a liked style. */
function queryOf(person: Person, random: Random): string {
  const style = STYLES[drawIndex(person.style.map(Math.exp), random)]!;
  return random.uniform() < 0.5 ? `${style} ${leafWord(person.need)}` : leafWord(person.need);
}

/** Items of a page, each once: those of the need for a search, of liked categories for a recommendation, any for an ad. */
function drawPage(
  person: Person,
  catalogue: Catalogue,
  scenario: Scenario,
  day: number,
  random: Random,
): readonly number[] {
  const page = new Set<number>();
  const needs = needWeights(person, day);
  for (let tries = 0; page.size < ITEMS_PER_PAGE && tries < 60; tries++) {
    const item = drawItem(catalogue, drawLeaf(person, scenario, needs, random), day, random);
    if (item !== null) page.add(item);
  }
  return [...page];
}

function drawLeaf(person: Person, scenario: Scenario, needs: Float64Array, random: Random): number {
  switch (scenario) {
    case 'search':
      return random.uniform() < 0.85 ? person.need : random.integer(needs.length);
    case 'recommendation':
      return random.uniform() < 0.6 ? drawIndex(needs, random) : random.integer(needs.length);
    case 'ad':
      return random.integer(needs.length);
  }
}

/** One of the leaf's items that have arrived, the better of two by quality; null where there is none yet. */
function drawItem(catalogue: Catalogue, leaf: number, day: number, random: Random): number | null {
  const members = catalogue.byLeaf[leaf]!;
  let arrived = members.length;
  while (arrived > 0 && catalogue.items[members[arrived - 1]!]!.arrivalDay > day) arrived--;
  if (arrived === 0) return null;
  const [a, b] = [members[random.integer(arrived)]!, members[random.integer(arrived)]!];
  return catalogue.items[a]!.quality >= catalogue.items[b]!.quality ? a : b;
}

/** Every third session asks about three icons, every third about three shops that have arrived. */
function samplePreferences(
  person: Person,
  { icons, shops }: Catalogue,
  { day }: Moment,
  time: number,
  random: Random,
  result: Day,
): void {
  const user = person.profile.id;
  const asked = random.integer(3);
  for (let k = 0; k < 3 && asked === 0; k++) {
    const candidate = random.integer(icons.length);
    const label = random.uniform() < followProbability(person, icons[candidate]!) ? 1 : 0;
    result.icons.push({ time, user, candidate, label });
  }
  for (let k = 0; k < 3 && asked === 1; k++) {
    const candidate = random.integer(shops.length);
    if (shops[candidate]!.arrivalDay > day) continue;
    const label = random.uniform() < shopProbability(person, shops[candidate]!) ? 1 : 0;
    result.shops.push({ time, user, candidate, label });
  }
}
