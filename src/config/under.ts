/** Puts a tree of settings below a key. */
import type { MapTree, Tree } from './yaml-tree.js';

/** A map that has the tree under one key. */
export function under(key: string, value: Tree): MapTree {
  const { origin } = value;
  return { kind: 'map', origin, entries: new Map([[key, { key: origin, value }]]) };
}
