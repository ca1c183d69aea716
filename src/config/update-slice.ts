/** The part of the prepared slice that has to be the same from one update of prepared data to the next. */

/** Keys of the slice, as paths in which `*` is any name. The files of a table may change, but not whether it has any. */
const FREE = ['data.log.to', 'split'];
const FREE_FILES = [
  'data.log',
  'data.items',
  'data.users',
  'entities.*.table',
  'tasks.*.samples',
  'features.ranking.predictedCtr',
];

type Tree = Record<string, unknown>;

/** Of the result of `preparedSlice`, or of what a manifest keeps of it. */
export function updateSlice(slice: unknown): unknown {
  const copy = JSON.parse(JSON.stringify(slice)) as Tree;
  for (const path of FREE) for (const [parent, key] of find(copy, path.split('.'))) delete parent[key];
  for (const path of FREE_FILES) {
    for (const [parent, key] of find(copy, [...path.split('.'), 'files'])) {
      if ((parent[key] as readonly unknown[]).length > 0) parent[key] = 'given';
    }
  }
  return copy;
}

/** The places of a path in a tree, each as a parent and the key in it. */
function find(tree: Tree, [name, ...rest]: readonly string[]): (readonly [Tree, string])[] {
  const keys = name === '*' ? Object.keys(tree) : name! in tree ? [name!] : [];
  if (rest.length === 0) return keys.map((key) => [tree, key] as const);
  return keys.flatMap((key) => {
    const inner = tree[key];
    return typeof inner === 'object' && inner !== null ? find(inner as Tree, rest) : [];
  });
}
