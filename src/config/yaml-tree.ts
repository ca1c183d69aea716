/** A YAML text as a tree whose every key and value knows where it stands, for messages with a position. */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  parseDocument,
} from 'yaml';
import { messageOf } from '../common/errors.js';
import type { Origin, Path } from './origin.js';
import type { Problem } from './problems.js';

export type Tree = MapTree | ListTree | ScalarTree;

export interface MapTree {
  readonly kind: 'map';
  readonly origin: Origin;
  readonly entries: ReadonlyMap<string, Entry>;
}

export interface Entry {
  readonly key: Origin;
  readonly value: Tree;
}

interface ListTree {
  readonly kind: 'list';
  readonly origin: Origin;
  readonly items: readonly Tree[];
}

export interface ScalarTree {
  readonly kind: 'scalar';
  readonly origin: Origin;
  readonly value: unknown;
}

// Far beyond any config; aliases that multiply, or that hold themselves, run into them.
const MAX_DEPTH = 50;
const MAX_NODES = 50_000;

/** Raised while a tree is built; carries what `parseYaml` returns as its problem. */
class TreeError extends Error {
  constructor(
    readonly origin: Origin,
    message: string,
  ) {
    super(message);
  }
}

/** The tree of a YAML text, or what is wrong with the text. */
export function parseYaml(
  text: string,
  file: string,
  folder: string,
  rank: number,
): { tree: Tree; problems: [] } | { tree: null; problems: Problem[] } {
  const lines = new LineCounter();
  const originAt = (offset: number): Origin => {
    const { line, col } = lines.linePos(offset);
    return { label: `${file}:${line}:${col}`, folder, rank, offset };
  };
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: false });
    if (document.errors.length > 0) {
      // What follows the first error of syntax is mostly an echo of it.
      const syntax = document.errors.find(({ code }) => code !== 'DUPLICATE_KEY');
      const told = document.errors.filter((error) => error === syntax || error.code === 'DUPLICATE_KEY');
      const problems = told.map(({ pos, code, message }) => ({
        origin: originAt(pos[0]),
        path: '',
        text: code === 'DUPLICATE_KEY' ? 'a key stands twice in one map' : `not valid YAML: ${message}`,
      }));
      return { tree: null, problems };
    }
    return { tree: toTree(document, originAt), problems: [] };
  } catch (error) {
    // The parser recurses into nested collections and overflows the stack on absurd ones.
    if (!(error instanceof TreeError || error instanceof RangeError)) throw error;
    const origin = error instanceof TreeError ? error.origin : originAt(0);
    const text = error instanceof TreeError ? messageOf(error) : 'nested too deeply';
    return { tree: null, problems: [{ origin, path: '', text }] };
  }
}

function toTree(document: Document.Parsed, originAt: (offset: number) => Origin): Tree {
  let nodes = 0;
  const visit = (node: ParsedNode | null, fallback: Origin, depth: number): Tree => {
    const origin = node ? originAt(node.range[0]) : fallback;
    if (depth > MAX_DEPTH) throw new TreeError(origin, 'nested too deeply');
    nodes++;
    if (nodes > MAX_NODES) throw new TreeError(origin, 'too many values, or aliases that multiply them');
    if (node === null) return { kind: 'scalar', origin, value: null };
    if (isAlias(node)) return visit((node.resolve(document) ?? null) as ParsedNode | null, origin, depth + 1);
    if (isScalar(node)) return { kind: 'scalar', origin, value: node.value };
    if (isSeq(node)) {
      const items = node.items.map((item) => visit(item as ParsedNode, origin, depth + 1));
      return { kind: 'list', origin, items };
    }
    const entries = new Map<string, Entry>();
    for (const { key, value } of isMap(node) ? node.items : []) {
      const keyOrigin = key ? originAt(key.range[0]) : origin;
      if (!isScalar(key)) throw new TreeError(keyOrigin, 'a key is not a text');
      const name = String(key.value);
      if (name === '__proto__') throw new TreeError(keyOrigin, '`__proto__` cannot be a key');
      entries.set(name, { key: keyOrigin, value: visit(value as ParsedNode | null, keyOrigin, depth + 1) });
    }
    return { kind: 'map', origin, entries };
  };
  return visit(document.contents, originAt(0), 0);
}

/** The plain value of a tree. */
export function toValue(tree: Tree): unknown {
  if (tree.kind === 'scalar') return tree.value;
  if (tree.kind === 'list') return tree.items.map(toValue);
  return Object.fromEntries([...tree.entries].map(([name, entry]) => [name, toValue(entry.value)]));
}

/**
 * Where the value at the path stands: a scalar or a list element itself, a map or a list by its key.
 * What is missing stands where the nearest part of the path that is there does.
 */
export function originOf(tree: Tree, path: Path): Origin {
  let at = tree;
  let key = tree.origin;
  for (const part of path) {
    const entry = at.kind === 'map' ? at.entries.get(String(part)) : undefined;
    const value = entry?.value ?? (at.kind === 'list' ? at.items[Number(part)] : undefined);
    if (!value) return key;
    key = entry?.key ?? value.origin;
    at = value;
  }
  return at.kind === 'scalar' ? at.origin : key;
}

/** Where the last key of the path stands, if it is there. */
export function keyOriginOf(tree: Tree, path: Path): Origin | undefined {
  const at = treeAt(tree, path.slice(0, -1));
  return at?.kind === 'map' ? at.entries.get(String(path.at(-1)))?.key : undefined;
}

/** The part of a tree at the path, if it is there. */
export function treeAt(tree: Tree, path: Path): Tree | undefined {
  let at: Tree | undefined = tree;
  for (const part of path) {
    at =
      at?.kind === 'map'
        ? at.entries.get(String(part))?.value
        : at?.kind === 'list'
          ? at.items[Number(part)]
          : undefined;
  }
  return at;
}
