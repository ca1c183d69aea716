/** How learning rates change over a run. */

export type Schedule = 'constant' | 'linear';

/** What both learning rates are multiplied by at a step (from 1): 1, or falling evenly from 1 towards 0 after the last. */
export function rateFactor(schedule: Schedule, step: number, totalSteps: number): number {
  return schedule === 'constant' ? 1 : Math.max(0, 1 - (step - 1) / totalSteps);
}
