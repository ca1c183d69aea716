/** The best of what scores without a model, by what the task is first of all measured by. */
import type { SavedEvaluation } from '../../evaluation/saved-evaluation.js';
import type { Reports } from './learning-charts.js';
import { isFiniteNumber } from './numbers.js';
import { taskAreas } from './task-area.js';

export interface BestBaseline {
  readonly baseline: string;
  readonly area: number;
  /** By the names that they have before `[task]`. */
  readonly values: Readonly<Record<string, number | null>>;
}

/** Of the first run that has baselines of the task: on the same samples they are the same for all; null without one. */
export function bestBaseline(reports: Reports, task: string): BestBaseline | null {
  for (const { evaluation } of Object.values(reports)) {
    const best = bestOf(evaluation, task);
    if (best) return best;
  }
  return null;
}

function bestOf(evaluation: SavedEvaluation, task: string): BestBaseline | null {
  const of = taskAreas(evaluation).find((each) => each.task === task);
  if (!of) return null;
  const measured = Object.entries(evaluation.baselines[task] ?? {}).flatMap(([baseline, values]) => {
    const area = values[of.measure];
    return isFiniteNumber(area) ? [{ baseline, area, values }] : [];
  });
  return measured.sort((a, b) => b.area - a.area)[0] ?? null;
}
