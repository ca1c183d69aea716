/** Checks a tree of settings against the schema of a file that is no config itself. */
import { z } from 'zod';
import { problemsOf } from './issues.js';
import type { JsonSchema } from './json-schema.js';
import type { Problem } from './problems.js';
import { type Tree, toValue } from './yaml-tree.js';

/** What the schema gives; null where it finds problems, which are added to the others. */
export function parseTree<S extends z.ZodType>(
  schema: S,
  tree: Tree,
  problems: Problem[],
): z.output<S> | null {
  const value = toValue(tree);
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const described = () => z.toJSONSchema(schema, { io: 'input' }) as JsonSchema;
  problems.push(...problemsOf(parsed.error.issues, value, tree, described).problems);
  return null;
}
