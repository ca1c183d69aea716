/** A backtest as tables: AUC by day of each task, paired differences, and what each model took. */
import { aucName } from '../common/auc-name.js';
import type { BacktestModel } from '../common/backtest-models.js';
import { percent } from '../common/percent.js';
import { signed, signedInterval } from '../common/signed.js';
import { type Summary, type SummaryTable, summaryText } from '../common/summary.js';
import type { Cell } from '../common/table.js';
import type { BacktestDay, BacktestResult, DayOfModel } from './backtest-result.js';

/** `width` as in `formatTable`. */
export function backtestText(result: BacktestResult, width: number | null = null): string {
  return summaryText(backtestSummary(result), width);
}

export function backtestSummary(result: BacktestResult): Summary {
  const { name, days, tasks, differences } = result;
  return {
    title: `Backtest ${name}`,
    tables: [
      ...(days.length > 0 ? tasks.map((task) => aucTable(result, task)) : []),
      ...(differences.length > 0 ? [differenceTable(result)] : []),
      costTable(result),
    ],
    remarks: remarksOf(result),
  };
}

function aucTable({ days, models, measures }: BacktestResult, task: string): SummaryTable {
  const compared = comparedDays(days, models, task);
  const meanOf = (value: (day: BacktestDay) => number) =>
    compared.length > 0 ? mean(compared.map(value)) : null;
  const samples = meanOf((day) => day.samples[task] ?? 0);
  return {
    title: `${aucName(measures[task]!)} of ${task}`,
    header: ['day', 'samples', ...models],
    rows: [
      ...days.map((day): Cell[] => [
        day.day,
        day.samples[task] ?? null,
        ...models.map((model) => aucOf(day, model, task)?.toFixed(4) ?? null),
      ]),
      [
        compared.length === days.length ? 'mean' : `mean of ${compared.length}`,
        samples === null ? null : Math.round(samples),
        ...models.map((model) =>
          isMeasured(days, model, task)
            ? (meanOf((day) => aucOf(day, model, task)!)?.toFixed(4) ?? null)
            : null,
        ),
      ],
    ],
  };
}

/** Those on which each model that has an AUC at all has one: means over different days would not compare. */
function comparedDays(
  days: readonly BacktestDay[],
  models: readonly BacktestModel[],
  task: string,
): readonly BacktestDay[] {
  const measured = models.filter((model) => isMeasured(days, model, task));
  if (measured.length === 0) return [];
  return days.filter((day) => measured.every((model) => aucOf(day, model, task) !== null));
}

function isMeasured(days: readonly BacktestDay[], model: BacktestModel, task: string): boolean {
  return days.some((day) => aucOf(day, model, task) !== null);
}

function aucOf({ models }: BacktestDay, model: BacktestModel, task: string): number | null {
  return models[model]?.auc[task] ?? null;
}

function differenceTable({ differences }: BacktestResult): SummaryTable {
  return {
    title: 'Differences of AUC, mean over the days',
    header: ['task', 'models', 'difference', '95 % interval', 'beyond chance'],
    rows: differences.map(({ task, model, against, difference, interval }) => [
      task,
      `${model} - ${against}`,
      signed(difference),
      interval && signedInterval(interval),
      interval && (interval.low > 0 || interval.high < 0 ? 'yes' : 'no'),
    ]),
  };
}

function costTable({ start, days, models }: BacktestResult): SummaryTable {
  return {
    title: 'Seconds',
    header: [
      'model',
      'days learned',
      'preprocessing a day',
      'training a day',
      'preprocessing',
      'training',
      'together',
    ],
    rows: [
      ['start', null, null, null, ...totals([start])],
      ...models.map((model): Cell[] => {
        const made = days.flatMap((day) => day.models[model] ?? []).filter((day) => seconds(day) > 0);
        const a = (part: (day: DayOfModel) => number) =>
          made.length > 0 ? rounded(mean(made.map(part))) : null;
        return [
          model,
          made.length,
          a(({ preprocessSeconds }) => preprocessSeconds),
          a(({ trainingSeconds }) => trainingSeconds),
          ...totals(made),
        ];
      }),
    ],
  };
}

type Seconds = Pick<DayOfModel, 'preprocessSeconds' | 'trainingSeconds'>;

function totals(parts: readonly Seconds[]): Cell[] {
  const preprocess = sum(parts.map(({ preprocessSeconds }) => preprocessSeconds));
  const training = sum(parts.map(({ trainingSeconds }) => trainingSeconds));
  return [rounded(preprocess), rounded(training), rounded(preprocess + training)];
}

function remarksOf(result: BacktestResult): string[] {
  const { days, differences, seed } = result;
  if (days.length === 0) return ['no day is done yet'];
  return [
    ...missingRemarks(result),
    ...(differences.length > 0
      ? [
          `beyond chance: the interval, bootstrapped over the users, is without 0; that of training is not in it, which had one seed, ${seed}`,
        ]
      : []),
    'a day: mean over the days learned, those on which the model is not that of an earlier day',
    ...shareRemark(days),
  ];
}

function missingRemarks({ days, models, tasks }: BacktestResult): string[] {
  const missing = days.some((day) =>
    tasks.some((task) => models.some((model) => aucOf(day, model, task) === null)),
  );
  if (!missing) return [];
  return [
    'a dash: the samples of the day are of one class, or the model is not measured on it; means are over the days on which all models are',
  ];
}

/** Over the days that both have learned: what retrained takes grows from day to day. */
function shareRemark(days: readonly BacktestDay[]): string[] {
  const both = days.flatMap(({ models: { updated, retrained } }) =>
    updated && retrained && seconds(updated) > 0 && seconds(retrained) > 0 ? [{ updated, retrained }] : [],
  );
  if (both.length === 0) return [];
  const share =
    sum(both.map(({ updated }) => seconds(updated))) / sum(both.map(({ retrained }) => seconds(retrained)));
  return [`updated takes ${percent(share)} of the seconds of retrained, on the days that both learned`];
}

const seconds = ({ preprocessSeconds, trainingSeconds }: Seconds) => preprocessSeconds + trainingSeconds;

const rounded = (value: number) => Number(value.toFixed(1));

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

const mean = (values: readonly number[]) => sum(values) / values.length;
