/** What a rule between keys finds. */
import type { Path } from './origin.js';

export interface RuleProblem {
  /** The key to change, and the others that the rule read. */
  readonly path: Path;
  readonly others: readonly Path[];
  readonly text: string;
}

export function problem(path: Path, text: string, others: readonly Path[] = []): RuleProblem {
  return { path, others, text };
}
