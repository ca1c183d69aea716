/** `--set dotted.key=value`: the value is read as a YAML scalar or a flow list or map. */
import { parse } from 'yaml';
import { setAt } from './merge.js';
import type { Origin } from './origin.js';
import type { Problem } from './problems.js';
import { parseYaml, type Tree } from './yaml-tree.js';

export const SET_RANK = Number.MAX_SAFE_INTEGER;

/** Later flags win over earlier ones. `folder` is what a relative path in a value is relative to. */
export function applyOverrides(
  tree: Tree,
  overrides: readonly string[],
  folder: string,
): { tree: Tree; problems: Problem[] } {
  const problems: Problem[] = [];
  let result = tree;
  for (const [index, override] of overrides.entries()) {
    const origin: Origin = { label: `--set ${override}`, folder, rank: SET_RANK, offset: index };
    const [, dotted, text] = /^([^=]*)=(.*)$/s.exec(override) ?? [];
    const path = dotted?.trim().split('.') ?? [];
    if (text === undefined || path.some((part) => part === '' || part === '__proto__')) {
      problems.push({ origin, path: '', text: 'expected dotted.key=value' });
      continue;
    }
    const value = readValue(text.trim(), origin);
    if (value) result = setAt(result, path, value, origin);
    else problems.push({ origin, path: '', text: 'the value is not valid YAML; quote what is a text' });
  }
  return { tree: result, problems };
}

function readValue(text: string, origin: Origin): Tree | null {
  // What YAML would read as a comment, a directive or a nested map is a text here: `%Y-%m-%d`, `a: b`, `#1`.
  if (!/^[[{"']/.test(text)) {
    return { kind: 'scalar', origin, value: /^[-+.]?\w[\w.+-]*$|^~?$/.test(text) ? parse(text) : text };
  }
  const { tree } = parseYaml(text, '', origin.folder, origin.rank);
  return tree && withOrigin(tree, origin);
}

function withOrigin(tree: Tree, origin: Origin): Tree {
  switch (tree.kind) {
    case 'scalar':
      return { ...tree, origin };
    case 'list':
      return { ...tree, origin, items: tree.items.map((item) => withOrigin(item, origin)) };
    case 'map': {
      const entries = [...tree.entries].map(
        ([name, { value }]) => [name, { key: origin, value: withOrigin(value, origin) }] as const,
      );
      return { ...tree, origin, entries: new Map(entries) };
    }
  }
}
