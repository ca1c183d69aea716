/** What each task of an evaluation is first of all measured by. */
import { type AucMeasure, aucName } from '../../common/auc-name.js';
import type { Evaluation } from '../../evaluation/evaluate.js';

export interface TaskArea {
  readonly task: string;
  readonly measure: AucMeasure;
  /** Of the evaluation's metrics, and of the validations. */
  readonly key: string;
  /** AUC or macro AUC. */
  readonly name: string;
}

export function taskAreas({ tasks, metrics }: Evaluation): TaskArea[] {
  return Object.keys(tasks).map((task) => {
    const measure = `macroAuc[${task}]` in metrics ? 'macroAuc' : 'auc';
    return { task, measure, key: `${measure}[${task}]`, name: aucName(measure) };
  });
}

/** Metrics of a task by the names that they have before `[task]`. */
export function metricNames({ metrics }: Evaluation, task: string): string[] {
  const end = `[${task}]`;
  return Object.keys(metrics).flatMap((key) => (key.endsWith(end) ? [key.slice(0, -end.length)] : []));
}
