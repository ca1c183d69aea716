/** Turns what zod reports into problems in our words: what was expected, what was there, and where. */
import type { z } from 'zod';
import { suggest } from '../common/suggest.js';
import { fileSchema, type JsonSchema, keysAt, pathsOfKey } from './json-schema.js';
import type { Path } from './origin.js';
import type { Problem } from './problems.js';
import { keyOriginOf, originOf, type Tree } from './yaml-tree.js';

type Issue = z.core.$ZodIssue;

/** Path of a value that does not hold, and what to say of it. */
interface Finding {
  readonly path: Path;
  readonly text: string;
  /** The key itself is at fault, not its value. */
  readonly key?: boolean;
}

/** The problems, and the paths of the values at fault. `schema` is what knows the keys. */
export function problemsOf(
  issues: readonly Issue[],
  value: unknown,
  tree: Tree,
  schema: () => JsonSchema = fileSchema,
): { problems: Problem[]; paths: Path[] } {
  const findings = issues.flatMap((issue) => findingsOf(issue, [], value, schema));
  const problems = findings.map(({ path, text, key }) => ({
    origin: (key && keyOriginOf(tree, path)) || originOf(tree, path),
    path: path.join('.'),
    text,
  }));
  return { problems, paths: findings.map(({ path }) => path) };
}

function findingsOf(issue: Issue, base: Path, root: unknown, schema: () => JsonSchema): Finding[] {
  const path = [...base, ...(issue.path as (string | number)[])];
  const got = valueAt(root, path);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: [...path, key],
      text: unknownKey(schema(), path, key),
      key: true,
    }));
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    // The branch that takes this type of value knows best what is wrong with it.
    const isOther = (inner: Issue) =>
      inner.path.length === 0 && (isTypeIssue(inner) || isLiteralIssue(inner));
    const meant = issue.errors.filter((branch) => !branch.some(isOther));
    if (meant.length === 1) return meant[0]!.flatMap((inner) => findingsOf(inner, path, root, schema));
    const kinds = issue.errors.flatMap((branch) => branch.filter(isOther).slice(0, 1)).map(expectation);
    return [{ path, text: `expected ${kinds.join(' or ')}, got ${describeValue(got)}` }];
  }
  if (issue.code === 'invalid_key') {
    return [
      { path, text: `expected ${issue.issues[0]?.message}, got ${describeValue(path.at(-1))}`, key: true },
    ];
  }
  return [{ path, text: `expected ${expectation(issue)}, got ${describeValue(got)}${hint(issue, got)}` }];
}

function expectation(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return typeName(issue.expected);
    case 'invalid_value':
      return oneOf(issue.values);
    case 'invalid_union':
      return oneOf(optionsOf(issue));
    case 'too_small':
      return bound(issue.origin, Number(issue.minimum), issue.inclusive ? 'at least' : 'above');
    case 'too_big':
      return bound(issue.origin, Number(issue.maximum), issue.inclusive ? 'at most' : 'below');
    default:
      return issue.message;
  }
}

function bound(origin: string, limit: number, relation: string): string {
  if (origin === 'string' && limit === 1) return 'a text that is not empty';
  if (origin === 'array') return limit === 1 ? 'a list that is not empty' : `${relation} ${limit} entries`;
  return `a number ${relation} ${limit}`;
}

function oneOf(values: readonly unknown[]): string {
  return values.length === 1 ? String(values[0]) : `one of ${values.join(', ')}`;
}

function isTypeIssue(issue: Issue): issue is z.core.$ZodIssueInvalidType {
  return issue.code === 'invalid_type';
}

/** Of a branch that is one value. */
function isLiteralIssue(issue: Issue): boolean {
  return issue.code === 'invalid_value' && issue.values.length === 1;
}

function typeName(expected: string): string {
  const names: Readonly<Record<string, string>> = {
    string: 'a text',
    number: 'a number',
    int: 'a whole number',
    boolean: 'true or false',
    array: 'a list',
    object: 'a map',
    record: 'a map',
  };
  return names[expected] ?? expected;
}

function hint(issue: Issue, got: unknown): string {
  if (issue.code === 'invalid_type' && issue.expected === 'string' && /number|boolean/.test(typeof got)) {
    return `; quote it: "${got}"`;
  }
  if (typeof got !== 'string') return '';
  if (issue.code === 'invalid_value') return suggest(got, issue.values.map(String));
  if (issue.code === 'invalid_union') return suggest(got, optionsOf(issue));
  return '';
}

/** The known values of the key that tells the maps of a union apart. */
function optionsOf(issue: z.core.$ZodIssueInvalidUnion): string[] {
  return ((issue as { options?: readonly unknown[] }).options ?? []).map(String);
}

function unknownKey(schema: JsonSchema, path: Path, key: string): string {
  const known = keysAt(schema, path);
  // The keys of every map that may stand here; this one is in another.
  if (known.includes(key)) return 'unknown key, which belongs to another kind';
  const near = suggest(key, known);
  const elsewhere = pathsOfKey(schema, key).filter((found) => found !== [...path, key].join('.'));
  if (near !== '' || elsewhere.length === 0) return `unknown key${near}`;
  return `unknown key, did you mean ${elsewhere.map((found) => `\`${found}\``).join(' or ')}?`;
}

function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (at, part) =>
      typeof at === 'object' && at !== null ? (at as Record<string | number, unknown>)[part] : undefined,
    root,
  );
}

const MAX_SHOWN = 60;

/** A value as messages show it. */
export function describeValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (isMap) return Object.keys(value).length === 0 ? 'an empty map' : 'a map';
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value);
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}...`;
}
