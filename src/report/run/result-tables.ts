/** Tables of an evaluation: the model and baselines for each kind of task, and what differs from another run. */
import { signed, signedInterval } from '../../common/signed.js';
import type { Cell } from '../../common/table.js';
import type { Against } from '../../evaluation/against.js';
import type { Evaluation } from '../../evaluation/evaluate.js';
import type { SavedEvaluation } from '../../evaluation/saved-evaluation.js';
import type { PageTable } from '../page.js';
import { fixed, intervalText } from './numbers.js';
import { metricNames } from './task-area.js';

/** What the metrics are called in tables. */
const TITLES: Readonly<Record<string, string>> = {
  auc: 'AUC',
  gauc: 'GAUC',
  logLoss: 'log loss',
  accuracy: 'accuracy',
  macroAuc: 'macro AUC',
};

export const metricTitle = (name: string): string => TITLES[name] ?? name;

/** What makes a number hard to believe, and why some are missing. */
export function evaluationWarnings({ warnings, reasons }: Evaluation): string[] {
  return [
    ...Object.entries(warnings).map(([key, warning]) => `${key} is ${warning}.`),
    ...Object.entries(reasons).map(([key, reason]) => `${key} was not measured: ${reason}.`),
  ];
}

/** One for all tasks that are measured by the same metrics. */
export function resultTables(evaluation: SavedEvaluation): PageTable[] {
  const kinds = new Map<string, { names: string[]; tasks: string[] }>();
  for (const task of Object.keys(evaluation.tasks)) {
    const names = metricNames(evaluation, task);
    const kind = kinds.get(names.join()) ?? { names, tasks: [] };
    kinds.set(names.join(), kind);
    kind.tasks.push(task);
  }
  return [...kinds.values()].map(({ names, tasks }) => resultTable(evaluation, names, tasks));
}

function resultTable(
  { metrics, intervals, tasks: counts, baselines }: SavedEvaluation,
  names: readonly string[],
  tasks: readonly string[],
): PageTable {
  const measured = names.filter((name) => tasks.some((task) => intervals[`${name}[${task}]`]));
  const cells = (of: (name: string) => readonly [Cell, Cell]) =>
    names.flatMap((name) => (measured.includes(name) ? of(name) : [of(name)[0]]));
  return {
    title: tasks.join(', '),
    header: [
      'task',
      'scores',
      ...names.flatMap((name) => [metricTitle(name), ...(measured.includes(name) ? ['95 % interval'] : [])]),
      'samples',
      'by label',
    ],
    rows: tasks.flatMap((task): Cell[][] => {
      const { samples, labels } = counts[task]!;
      const ofModel = cells((name) => {
        const key = `${name}[${task}]`;
        return [fixed(metrics[key]), intervalText(intervals[key])];
      });
      return [
        [task, 'model', ...ofModel, samples, labels.join(' / ')],
        ...Object.entries(baselines[task] ?? {}).map(([baseline, values]): Cell[] => [
          task,
          `baseline ${baseline}`,
          ...cells((name) => [fixed(values[name]), '']),
          '',
          '',
        ]),
      ];
    }),
  };
}

/** Null where no metric of both could be measured. */
export function againstTable({ run, metrics }: Against): PageTable | null {
  const rows = Object.entries(metrics).flatMap(([key, paired]): Cell[][] => {
    if (!paired) return [];
    const { value, other, difference, interval, pValue } = paired;
    return [
      [
        key,
        fixed(value),
        fixed(other),
        signed(difference),
        interval && signedInterval(interval),
        pValue === null ? null : pText(pValue),
      ],
    ];
  });
  if (rows.length === 0) return null;
  return {
    title: `Against ${run}`,
    header: ['metric', 'this run', 'other', 'difference', '95 % interval', 'p value'],
    rows,
  };
}

const pText = (value: number) => (value < 0.001 ? '< 0.001' : value.toFixed(3));

/** Which samples both runs are compared on. */
export function againstText({ step, tasks }: Against): string {
  const parts = Object.entries(tasks).map(([task, { samples, of }]) =>
    samples === of
      ? `${task} on all ${of} samples`
      : `${task} on the ${samples} of ${of} samples that both scored`,
  );
  return (
    `This run less the other one (step ${step}): ${parts.join(', ')}. ` +
    'The p value says how often chance in the choice of users would give as large a difference if there were none.'
  );
}
