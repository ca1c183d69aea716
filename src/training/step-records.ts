/** Several steps as one record: what metrics.jsonl and the progress line show. */
import type { StepRecord } from './steps.js';

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

export interface MeanRecord {
  /** The last of the steps. */
  readonly step: number;
  readonly loss: number;
  readonly gradientNorm: number;
  readonly samples: number;
  /** `loss[task]`: the mean over the steps that had samples of the task. */
  readonly [lossOfTask: `loss[${string}]`]: number;
  /** `gradientNorm[task]`: the same of the gradients with respect to the representation. */
  readonly [normOfTask: `gradientNorm[${string}]`]: number;
}

export function meanRecord(records: readonly StepRecord[]): MeanRecord {
  const tasks = new Set(records.flatMap(({ lossByTask }) => Object.keys(lossByTask)));
  const byTask = [...tasks].flatMap((task) => [
    [`loss[${task}]`, mean(records.flatMap(({ lossByTask }) => lossByTask[task] ?? []))],
    [
      `gradientNorm[${task}]`,
      mean(records.flatMap(({ gradientNormByTask }) => gradientNormByTask[task] ?? [])),
    ],
  ]);
  return {
    step: records.at(-1)!.step,
    loss: mean(records.map(({ loss }) => loss)),
    ...(Object.fromEntries(byTask) as Record<`loss[${string}]`, number>),
    gradientNorm: mean(records.map(({ gradientNorm }) => gradientNorm)),
    samples: records.reduce((sum, { samples }) => sum + samples, 0),
  };
}
