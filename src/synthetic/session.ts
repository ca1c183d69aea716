/** One person's session: pages that are shown, what is clicked, kept and bought, and the samples of the other tasks. */
import type { Random } from '../common/random.js';
import type { Catalogue } from './catalogue.js';
import {
  buyProbability,
  cartProbability,
  clickProbability,
  favoriteProbability,
  followProbability,
  type Mode,
  type Situation,
  shopProbability,
} from './choice.js';
import type { Fashion } from './fashion.js';
import type { LogFiles, Shown } from './log-files.js';
import { drawPage, drawScenario, queryOf } from './page.js';
import { buy, click, drawIndex, leafWeights, type Person, putInCart } from './person.js';

/** What all sessions of a day share. */
export interface Today {
  readonly day: number;
  readonly catalogue: Catalogue;
  /** Leaf -> items on sale (countArrived). */
  readonly arrived: Int32Array;
  readonly fashion: Fashion;
  readonly signal: number;
  readonly random: Random;
}

/** Price levels 0 .. 6 of a tier between 0 and 1. */
const priceLevel = (tier: number): number => Math.min(6, Math.floor(tier * 7));

/** Writes what a person does in a session that begins at `start` (seconds since 1970). */
export function simulateSession(
  person: Person,
  mode: Mode,
  start: number,
  today: Today,
  files: LogFiles,
): void {
  const { catalogue, arrived, day, fashion, signal, random } = today;
  askPreferences(person, start, today, files);
  const user = person.profile.id;
  const device = random.uniform() < (mode === 'leisure' ? 0.85 : 0.25) ? 'phone' : 'desktop';
  const weights = leafWeights(person, day);
  const drawIntent = () => (mode === 'errand' ? person.need : drawIndex(weights, random));
  let situation: Situation = { mode, intent: drawIntent(), day, fashion, signal };
  let time = start;
  let firstBought = -1;
  for (let pages = 2 + random.integer(4); pages > 0; pages--) {
    const { intent } = situation;
    const scenario = drawScenario(mode, random);
    const query = scenario === 'search' ? queryOf(person, intent, random) : '';
    const page = { user, time, scenario, query, device };
    const shown: Shown[] = [];
    for (const [position, at] of drawPage(
      catalogue,
      arrived,
      person,
      { scenario, intent, weights },
      random,
    ).entries()) {
      const item = catalogue.items[at]!;
      const probability = clickProbability(person, item, situation, scenario, position);
      const clicked = random.uniform() < probability;
      let bought = false;
      if (clicked) {
        const act = (behavior: string) => {
          time += 5 + random.integer(40);
          files.addEvent(page, time, behavior, at);
        };
        act('click');
        click(person, item.leaf);
        if (random.uniform() < favoriteProbability(person, item, situation)) act('favorite');
        if (random.uniform() < cartProbability(person, item, situation)) {
          act('cart');
          putInCart(person, item.leaf);
          bought = random.uniform() < buyProbability(person, item, situation);
          if (bought) {
            act('buy');
            buy(person, item.leaf, day, random);
            weights[item.leaf] = 0;
            if (firstBought === -1) firstBought = at;
          }
        }
        situation = { ...situation, intent: nextIntent(item.leaf, bought) };
      }
      shown.push({ item: at, clicked, bought, probability });
    }
    files.addPage(page, shown);
    time += 20 + random.integer(60);
  }
  if (firstBought !== -1) files.addPrice(user, start, priceLevel(catalogue.items[firstBought]!.tier));

  /** A purchase turns the mind to something else; at leisure every second click leads it on. */
  function nextIntent(clickedLeaf: number, bought: boolean): number {
    if (bought) return drawIntent();
    if (mode === 'errand') return person.need;
    return random.uniform() < 0.5 ? clickedLeaf : situation.intent;
  }
}

/** Every third session asks about three icons, every third about three shops of those that have arrived. */
function askPreferences(
  person: Person,
  time: number,
  { catalogue: { icons, shops }, day, signal, random }: Today,
  files: LogFiles,
): void {
  const user = person.profile.id;
  const asked = random.integer(3);
  for (let k = 0; k < 3 && asked === 0; k++) {
    const icon = random.integer(icons.length);
    const probability = followProbability(person, icons[icon]!, signal);
    files.addIcon(user, time, icon, random.uniform() < probability, probability);
  }
  for (let k = 0; k < 3 && asked === 1; k++) {
    const shop = random.integer(shops.length);
    if (shops[shop]!.arrivalDay > day) continue;
    const probability = shopProbability(person, shops[shop]!, signal);
    files.addShop(user, time, shop, random.uniform() < probability, probability);
  }
}
