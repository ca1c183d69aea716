/** What `dupn eval` prints: for each task its metrics down, the model and what scores without one across. */
import type { AucMeasure } from '../common/auc-name.js';
import { DIRECTION_TEXT, verdictOf } from '../common/metric-direction.js';
import { metricOfKey } from '../common/metric-key.js';
import { metricTable } from '../common/metric-table.js';
import { pText, pValuesText } from '../common/p-value-text.js';
import { printable } from '../common/printable.js';
import { signed, signedInterval } from '../common/signed.js';
import { sliceText } from '../common/slice-text.js';
import { standingsOf, standingsText } from '../common/standings.js';
import { tableText } from '../common/summary.js';
import type { Cell } from '../common/table.js';
import { taskTitle } from '../common/task-title.js';
import { warningText } from '../common/warning-text.js';
import { tinyText, worstSlices } from '../common/worst-slices.js';
import type { Against } from '../evaluation/against.js';
import type { SavedEvaluation } from '../evaluation/saved-evaluation.js';

/** Slices that are shown of a task, the worst. */
const SHOWN_SLICES = 5;

/** `width` as in `formatTable`. */
export function evaluationText(evaluation: SavedEvaluation, width: number | null): string {
  const { reasons, warnings, against, tasks } = evaluation;
  const names = Object.keys(tasks);
  const parts = [
    ...names.map((task) => metricsText(evaluation, task, width)),
    ...names.map((task) => slicesText(evaluation, task, width)),
    ...(against ? [againstText(against, width)] : []),
    [
      ...Object.entries(reasons).map(([key, reason]) => `${key}: not measured, ${reason}\n`),
      ...Object.entries(warnings).map(([key, warning]) => `warning: ${warningText(key, warning)}\n`),
    ].join(''),
  ];
  return `${parts.filter((part) => part !== '').join('\n')}\ndocs/metrics.md says what the rows and columns are\n`;
}

function metricsText(evaluation: SavedEvaluation, task: string, width: number | null): string {
  const { metrics, intervals, tasks, baselines, differences } = evaluation;
  const names = Object.keys(metrics).flatMap((key) => {
    const metric = metricOfKey(key);
    return metric.task === task ? [metric.name] : [];
  });
  const ofTask = <T>(values: Readonly<Record<string, T>>) =>
    Object.fromEntries(names.map((name) => [name, values[`${name}[${task}]`]]));
  const table = metricTable(taskTitle(task, tasks[task]!), names, [
    { name: 'model', values: ofTask(metrics), intervals: ofTask(intervals) },
    ...Object.entries(baselines[task] ?? {}).map(([name, values]) => ({ name, values })),
  ]);
  const measure = measureOf(evaluation, task);
  const standings = standingsText(standingsOf(differences[task], measure));
  const below = standings === '' ? '' : `${printable(`by ${measure} the model is ${standings}`)}\n`;
  return tableText(table, width) + below;
}

/** The worst of all columns that are not tiny. */
function slicesText(evaluation: SavedEvaluation, task: string, width: number | null): string {
  const columns = evaluation.slices[task] ?? [];
  const tiny = tinyText(columns);
  if (tiny !== null) return `${task}: ${tiny}\n`;
  const { slices, caution } = worstSlices(columns);
  if (slices.length === 0) return '';
  const rows = slices
    .slice(0, SHOWN_SLICES)
    .map(({ column, value, area, interval, within, samples, users, predictedOverObserved }): Cell[] => [
      `${column} = ${sliceText(column, value)}`,
      number(area),
      interval && `${interval.low.toFixed(4)} .. ${interval.high.toFixed(4)}`,
      number(within),
      samples,
      users,
      number(predictedOverObserved),
    ]);
  const table = {
    title: `${task}: the worst slices (all of them: eval/metrics.json)`,
    header: [
      ...['slice', measureOf(evaluation, task), '95 % interval', 'mean of column'],
      ...['samples', 'users', 'predicted / observed'],
    ],
    rows,
  };
  return `${tableText(table, width)}${caution}\n`;
}

const measureOf = ({ metrics }: SavedEvaluation, task: string): AucMeasure =>
  `auc[${task}]` in metrics ? 'auc' : 'macroAuc';

function againstText({ run, tasks, metrics }: Against, width: number | null): string {
  const parts = Object.entries(tasks).map(([task, { samples, of }]) => `${samples} of ${of} of ${task}`);
  const measured = Object.entries(metrics).flatMap(([key, paired]) => (paired ? [{ key, ...paired }] : []));
  const table = {
    title: `against ${run}, on the samples of both: ${parts.join(', ')}`,
    header: ['metric', 'this run', 'other', 'difference', '95 % interval', 'p', 'this run is'],
    rows: measured.map(({ key, ...paired }): Cell[] => [
      key,
      number(paired.value),
      number(paired.other),
      signed(paired.difference),
      paired.interval && signedInterval(paired.interval),
      paired.pValue === null ? null : pText(paired.pValue),
      verdictOf(metricOfKey(key).name, paired),
    ]),
  };
  const pValues = measured.filter(({ pValue }) => pValue !== null).length;
  const notes = [DIRECTION_TEXT, ...(pValues > 0 ? [pValuesText(pValues)] : [])];
  return tableText(table, width) + notes.map((note) => `${note}\n`).join('');
}

function number(value: number | null | undefined): string | null {
  return value === null || value === undefined ? null : value.toFixed(4);
}
