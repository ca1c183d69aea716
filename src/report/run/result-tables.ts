/** Tables of an evaluation: the model and baselines for each kind of task, and what differs from another run. */
import { DIRECTION_TEXT, verdictOf } from '../../common/metric-direction.js';
import { metricOfKey } from '../../common/metric-key.js';
import { metricTable } from '../../common/metric-table.js';
import { keyTitle, metricTitle } from '../../common/metric-title.js';
import { pText, pValuesText } from '../../common/p-value-text.js';
import { signed, signedInterval } from '../../common/signed.js';
import type { Cell } from '../../common/table.js';
import { taskTitle } from '../../common/task-title.js';
import { warningText } from '../../common/warning-text.js';
import type { Against } from '../../evaluation/against.js';
import type { Evaluation } from '../../evaluation/evaluate.js';
import type { SavedEvaluation } from '../../evaluation/saved-evaluation.js';
import type { PageTable } from '../page.js';
import { fixed } from './numbers.js';
import { metricNames } from './task-area.js';

/** What makes a number hard to believe, and why some are missing. */
export function evaluationWarnings({ warnings, reasons }: Evaluation): string[] {
  return [
    ...Object.entries(warnings).map(([key, warning]) => warningText(keyTitle(key), warning)),
    ...Object.entries(reasons).map(([key, reason]) => `${keyTitle(key)} was not measured: ${reason}.`),
  ];
}

/** One for each task: its metrics down, the model and what needs none across. */
export function resultTables(evaluation: SavedEvaluation): PageTable[] {
  return Object.entries(evaluation.tasks).map(([task, counts]) => {
    const names = metricNames(evaluation, task);
    const byTitle = <T>(of: (name: string) => T) =>
      Object.fromEntries(names.map((name) => [metricTitle(name), of(name)]));
    return metricTable(taskTitle(task, counts), names.map(metricTitle), [
      {
        name: 'model',
        values: byTitle((name) => evaluation.metrics[`${name}[${task}]`]),
        intervals: byTitle((name) => evaluation.intervals[`${name}[${task}]`]),
      },
      ...Object.entries(evaluation.baselines[task] ?? {}).map(([name, values]) => ({
        name,
        values: byTitle((metric) => values[metric]),
      })),
    ]);
  });
}

/** Null where no metric of both could be measured. */
export function againstTable({ run, metrics }: Against): PageTable | null {
  const rows = Object.entries(metrics).flatMap(([key, paired]): Cell[][] => {
    if (!paired) return [];
    const { value, other, difference, interval, pValue } = paired;
    const { name } = metricOfKey(key);
    return [
      [
        keyTitle(key),
        fixed(value),
        fixed(other),
        signed(difference),
        interval && signedInterval(interval),
        pValue === null ? null : pText(pValue),
        verdictOf(name, paired),
      ],
    ];
  });
  if (rows.length === 0) return null;
  return {
    title: `Against ${run}`,
    header: ['metric', 'this run', 'other', 'difference', '95 % interval', 'p value', 'this run is'],
    rows,
  };
}

/** Which samples both runs are compared on, and how to read the numbers. */
export function againstText({ step, tasks, metrics }: Against): string {
  const parts = Object.entries(tasks).map(([task, { samples, of }]) =>
    samples === of
      ? `${task} on all ${of} samples`
      : `${task} on the ${samples} of ${of} samples that both scored`,
  );
  const pValues = Object.values(metrics).filter((paired) => paired && paired.pValue !== null).length;
  return (
    `This run minus the other one (step ${step}): ${parts.join(', ')}. ${DIRECTION_TEXT}` +
    (pValues > 0
      ? ' The p value says how often chance in the choice of users would give as large a difference if there were none. ' +
        pValuesText(pValues)
      : '')
  );
}
