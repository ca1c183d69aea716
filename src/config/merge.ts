/** Lays one tree of settings over another: for `extends` and for `--set`. */
import type { Origin, Path } from './origin.js';
import type { Entry, MapTree, Tree } from './yaml-tree.js';

/** Maps are merged key by key; lists and scalars replace what was there, and null removes it. */
export function merge(base: Tree, over: Tree): Tree {
  if (base.kind !== 'map' || over.kind !== 'map') return over;
  const entries = new Map(base.entries);
  for (const [name, { key, value }] of over.entries) {
    const below = entries.get(name);
    if (below && isNull(value)) entries.delete(name);
    else entries.set(name, { key, value: below ? merge(below.value, value) : value });
  }
  return { kind: 'map', origin: over.origin, entries };
}

/** The value put at the path, with maps on the way to it where there are none; null removes what is there. */
export function setAt(tree: Tree, path: Path, value: Tree, origin: Origin): Tree {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  const map: MapTree = tree.kind === 'map' ? tree : { kind: 'map', origin, entries: new Map() };
  const entries = new Map<string, Entry>(map.entries);
  const below = entries.get(String(name));
  if (below && rest.length === 0 && isNull(value)) {
    entries.delete(String(name));
  } else {
    const inner = below?.value ?? { kind: 'map', origin, entries: new Map() };
    const key = below && rest.length > 0 ? below.key : origin;
    entries.set(String(name), { key, value: setAt(inner, rest, value, origin) });
  }
  return { ...map, entries };
}

function isNull(tree: Tree): boolean {
  return tree.kind === 'scalar' && tree.value === null;
}
