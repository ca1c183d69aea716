/** Changes of values, keys and types of a YAML, as fast-check draws them. */
import fc from 'fast-check';
import { parse, stringify } from 'yaml';
import { HOSTILE_TEXTS, hostileValue } from './damage.js';

export interface Change {
  /** Which of all places, as a share of their number. */
  readonly at: number;
  readonly kind: 'replace' | 'remove' | 'add' | 'rename';
  readonly value: unknown;
  readonly name: string;
}

/** `names` are those that the reader knows. */
export function changesWith(names: readonly string[]): fc.Arbitrary<readonly Change[]> {
  const change = fc.record({
    at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    kind: fc.constantFrom('replace', 'replace', 'replace', 'remove', 'add', 'rename'),
    value: hostileValue(names),
    name: fc.oneof(fc.constantFrom(...names), fc.constantFrom(...HOSTILE_TEXTS)),
  });
  return fc.array(change as fc.Arbitrary<Change>, { minLength: 1, maxLength: 3 });
}

/** Every place of a value in the tree: the map or list that holds it, and its key. */
function places(value: unknown): { holder: Record<string, unknown>; key: string }[] {
  if (typeof value !== 'object' || value === null) return [];
  const holder = value as Record<string, unknown>;
  return Object.keys(holder).flatMap((key) => [{ holder, key }, ...places(holder[key])]);
}

/** Keys of a tree at any depth, once each. */
export const keysOf = (value: unknown): string[] => [...new Set(places(value).map(({ key }) => key))];

/** `__proto__` is a key like any other. */
const put = (holder: object, name: string, value: unknown) =>
  Object.defineProperty(holder, name, { value, enumerable: true, configurable: true, writable: true });

export function changeTree(root: unknown, changes: readonly Change[]): void {
  for (const { at, kind, value, name } of changes) {
    const all = places(root);
    if (all.length === 0) return;
    const { holder, key } = all[Math.floor(at * all.length)]!;
    if (kind === 'replace') holder[key] = value;
    else if (kind === 'add') put(holder, name, value);
    else {
      const old = holder[key];
      delete holder[key];
      if (kind === 'rename') put(holder, name, old);
    }
  }
}

export function changed(source: string, changes: readonly Change[]): string {
  const root = parse(source) as unknown;
  changeTree(root, changes);
  return stringify(root);
}
