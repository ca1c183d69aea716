/** Several runs that train different tasks as one: what a user of all of those models gets, and pays. */
import { type Costs, sumCosts } from './costs.js';
import type { Outcome } from './outcome.js';

export interface RowOutcome {
  readonly metrics: Outcome['metrics'];
  /** Null while a member is missing. */
  readonly costs: Costs | null;
}

/** Each metric is that of the member that has it, costs are added up; a missing member is undefined. */
export function groupOutcome(members: readonly (Outcome | undefined)[]): RowOutcome {
  const present = members.filter((member) => member !== undefined);
  return {
    metrics: Object.assign({}, ...present.map(({ metrics }) => metrics)),
    costs: present.length === members.length ? sumCosts(present.map(({ costs }) => costs)) : null,
  };
}
