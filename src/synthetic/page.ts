/** What is asked and what is shown: scenario, query and the items of a page. */
import type { Random } from '../common/random.js';
import type { Catalogue } from './catalogue.js';
import { LEAVES_PER_CATEGORY, leafWord, NUM_LEAVES, STYLES, topOf } from './categories.js';
import type { Mode, Scenario } from './choice.js';
import { drawIndex, type Person } from './person.js';

const ITEMS_PER_PAGE = 6;
const TRIES = 40;

/** An errand is mostly done by searching, leisure mostly spent on recommendations; ads are met in both. */
export function drawScenario(mode: Mode, random: Random): Scenario {
  const x = random.uniform();
  if (x < 0.2) return 'ad';
  return x < 0.75 === (mode === 'errand') ? 'search' : 'recommendation';
}

/** The word for what is in mind; before it, now and then, a liked style and a word for the price that suits. */
export function queryOf(person: Person, intent: number, random: Random): string {
  const words = [leafWord(intent)];
  if (random.uniform() < 0.4) words.unshift(STYLES[drawIndex(person.style.map(Math.exp), random)]!);
  const extreme = person.tier < 1 / 3 ? 'cheap' : person.tier > 2 / 3 ? 'premium' : null;
  if (extreme !== null && random.uniform() < 0.3) words.unshift(extreme);
  return words.join(' ');
}

/** Distinct items of a page; fewer than six where leaves have few. `weights` are those of the leaves (leafWeights). */
export function drawPage(
  { byLeaf, items }: Catalogue,
  arrived: Int32Array,
  person: Person,
  page: { readonly scenario: Scenario; readonly intent: number; readonly weights: Float64Array },
  random: Random,
): number[] {
  const shown: number[] = [];
  for (let tries = 0; shown.length < ITEMS_PER_PAGE && tries < TRIES; tries++) {
    const leaf = drawLeaf(person, page, random);
    const here = arrived[leaf]!;
    if (here === 0) continue;
    // The better of two, by quality.
    const a = byLeaf[leaf]![random.integer(here)]!;
    const b = byLeaf[leaf]![random.integer(here)]!;
    const item = items[a]!.quality >= items[b]!.quality ? a : b;
    if (!shown.includes(item)) shown.push(item);
  }
  return shown;
}

/** A search shows what is in mind or its neighbours; recommendations and ads show again what was clicked, too. */
function drawLeaf(
  { clicked }: Person,
  {
    scenario,
    intent,
    weights,
  }: { readonly scenario: Scenario; readonly intent: number; readonly weights: Float64Array },
  random: Random,
): number {
  const x = random.uniform();
  if (scenario === 'search') {
    return x < 0.75 ? intent : topOf(intent) * LEAVES_PER_CATEGORY + random.integer(LEAVES_PER_CATEGORY);
  }
  if (x < 0.35 && clicked.length > 0) return clicked[random.integer(clicked.length)]!;
  if (x < 0.65 && scenario === 'recommendation') return drawIndex(weights, random);
  return random.integer(NUM_LEAVES);
}

/** How many items of each leaf are on sale on a day. */
export function countArrived({ byLeaf, items }: Catalogue, day: number): Int32Array {
  return Int32Array.from(byLeaf, (members) => {
    const later = members.findIndex((item) => items[item]!.arrivalDay > day);
    return later === -1 ? members.length : later;
  });
}
