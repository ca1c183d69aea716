/** Behaviours by the values of their properties, by age and by place: how much of the attention each group gets. */
import type { PropertyFieldManifest } from '../../common/prepared.js';
import type { Names } from '../../dataset/names.js';
import { propertyIndex } from '../../features/property-code.js';
import { propertyValues } from '../property-values.js';
import type { BehaviourGroup, BehaviourGroups, Gates } from './insight.js';

/** Values of a property field that are told apart. */
const MOST_VALUES = 12;

/** Property codes have 16 bits. */
const PROPERTY_CODES = 65_536;

const [MINUTE, HOUR, DAY, WEEK] = [60, 3600, 86_400, 604_800] as const;

/** Ages below these seconds. */
const AGES: readonly (readonly [below: number, text: string])[] = [
  [MINUTE, 'under 1 min'],
  [10 * MINUTE, '1-10 min'],
  [HOUR, '10-60 min'],
  [6 * HOUR, '1-6 h'],
  [DAY, '6-24 h'],
  [3 * DAY, '1-3 days'],
  [WEEK, '3-7 days'],
  [4 * WEEK, '1-4 weeks'],
  [Number.POSITIVE_INFINITY, 'over 4 weeks'],
];

/** Places from the last behaviour on, up to these. */
const PLACES: readonly (readonly [last: number, text: string])[] = [
  [1, 'last'],
  [2, '2'],
  [3, '3'],
  [5, '4-5'],
  [10, '6-10'],
  [20, '11-20'],
  [50, '21-50'],
  [Number.POSITIVE_INFINITY, 'over 50'],
];

export interface SeenBehaviour {
  readonly propertyCode: number;
  readonly ageSeconds: number;
  /** 1 is the last one. */
  readonly place: number;
  /** Weight times length of the history. */
  readonly attention: number;
  readonly gates: Gates | null;
}

/** Sums over the behaviours that were added. */
export class GroupSums {
  readonly #byCode = new Sums(PROPERTY_CODES);
  readonly #byAge = new Sums(AGES.length);
  readonly #byPlace = new Sums(PLACES.length);

  add(behaviour: SeenBehaviour): void {
    const { propertyCode, ageSeconds, place } = behaviour;
    this.#byCode.add(propertyCode, behaviour);
    this.#byAge.add(
      AGES.findIndex(([below]) => ageSeconds < below),
      behaviour,
    );
    this.#byPlace.add(
      PLACES.findIndex(([last]) => place <= last),
      behaviour,
    );
  }

  /** By each field, by age and by place; groups without a behaviour are left out. */
  async groups(fields: readonly PropertyFieldManifest[], names: Names): Promise<BehaviourGroups[]> {
    const byField: BehaviourGroups[] = [];
    for (const field of fields) {
      const sums = this.#byCode.folded(field.rows, (code) => propertyIndex(code, field));
      const values = await propertyValues(names, field, sums.counts, MOST_VALUES);
      byField.push({
        by: field.name,
        groups: values.map(({ value, indexes }) => sums.group(value, indexes)),
      });
    }
    const named = (by: string, sums: Sums, texts: readonly (readonly [number, string])[]) => ({
      by,
      groups: texts.map(([, text], at) => sums.group(text, [at])).filter(({ behaviours }) => behaviours > 0),
    });
    return [...byField, named('age', this.#byAge, AGES), named('place', this.#byPlace, PLACES)];
  }
}

/** What is summed of a behaviour beside its count. */
const PARTS = 4;

/** Sums by number of the group. */
class Sums {
  readonly counts: Float64Array;
  /** Attention and the gates i, f and o, [groups, 4]. */
  readonly #parts: Float64Array;
  #withGates = false;

  constructor(groups: number) {
    this.counts = new Float64Array(groups);
    this.#parts = new Float64Array(groups * PARTS);
  }

  add(group: number, { attention, gates }: Pick<SeenBehaviour, 'attention' | 'gates'>): void {
    this.counts[group]!++;
    const at = group * PARTS;
    this.#parts[at]! += attention;
    if (!gates) return;
    this.#withGates = true;
    this.#parts[at + 1]! += gates.input;
    this.#parts[at + 2]! += gates.forget;
    this.#parts[at + 3]! += gates.output;
  }

  /** The same by what each group belongs to. */
  folded(groups: number, groupOf: (group: number) => number): Sums {
    const sums = new Sums(groups);
    sums.#withGates = this.#withGates;
    for (const [group, count] of this.counts.entries()) {
      if (count === 0) continue;
      const into = groupOf(group);
      sums.counts[into]! += count;
      for (let part = 0; part < PARTS; part++) {
        sums.#parts[into * PARTS + part]! += this.#parts[group * PARTS + part]!;
      }
    }
    return sums;
  }

  /** Means over several groups together. */
  group(value: string, groups: readonly number[]): BehaviourGroup {
    const behaviours = groups.reduce((sum, group) => sum + this.counts[group]!, 0);
    const mean = (part: number) =>
      groups.reduce((sum, group) => sum + this.#parts[group * PARTS + part]!, 0) / Math.max(1, behaviours);
    const gates = this.#withGates ? { input: mean(1), forget: mean(2), output: mean(3) } : null;
    return { value, behaviours, attention: mean(0), gates };
  }
}
