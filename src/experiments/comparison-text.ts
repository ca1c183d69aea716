/** A comparison as tables: for the terminal, and as comparison.md. */
import { signed, signedInterval } from '../common/signed.js';
import { type Summary, type SummaryTable, summaryMarkdown, summaryText } from '../common/summary.js';
import type { ComparisonResult } from './summarise.js';

/** `width` as in `formatTable`. */
export function comparisonText(result: ComparisonResult, width: number | null = null): string {
  return summaryText(comparisonSummary(result), width);
}

export function comparisonMarkdown(result: ComparisonResult): string {
  return summaryMarkdown(comparisonSummary(result));
}

export function comparisonSummary(result: ComparisonResult): Summary {
  return { title: result.name, tables: tablesOf(result), remarks: remarksOf(result) };
}

/** Those that models are compared by; the others are in comparison.json. */
const SHOWN = /^(auc|gauc|accuracy|macroAuc|logLoss)\[/;

function tablesOf({ metrics, costs }: ComparisonResult): SummaryTable[] {
  const header = ['row', 'mean', 'deviation', 'difference to base', '95 % interval', 'seeds'];
  const shown = Object.entries(metrics).filter(([key]) => SHOWN.test(key));
  const byMetric = shown.map(([title, rows]) => ({
    title,
    header,
    rows: Object.entries(rows).map(([row, { mean, deviation, difference, seeds }]) => [
      row,
      mean.toFixed(4),
      deviation?.toFixed(4) ?? null,
      difference && signed(difference.mean),
      difference?.interval ? signedInterval(difference.interval) : null,
      seeds,
    ]),
  }));
  return [...byMetric, costTable(costs)];
}

function costTable(costs: ComparisonResult['costs']): SummaryTable {
  return {
    title: 'costs',
    header: [
      'row',
      'dense weights',
      'table weights',
      'bytes',
      'training seconds',
      'steps',
      'scoring seconds',
      'seeds',
    ],
    rows: Object.entries(costs).map(([row, cost]) => [
      row,
      Math.round(cost.denseParameters),
      Math.round(cost.tableParameters),
      Math.round(cost.weightBytes),
      Number(cost.trainingSeconds.toFixed(1)),
      Math.round(cost.steps),
      Number(cost.scoringSeconds.toFixed(2)),
      cost.seeds,
    ]),
  };
}

function remarksOf({ runs, seeds, warnings }: ComparisonResult): string[] {
  const { planned, missing } = runs;
  return [
    seeds.length > 1
      ? 'intervals: Student t over the seeds, the spread of training; that of the evaluation sample is in eval/metrics.json of each run'
      : 'no intervals: they need two seeds, got one',
    ...(missing.length > 0
      ? [`${planned - missing.length} of ${planned} runs are done; missing: ${missing.join(', ')}`]
      : []),
    ...warnings.map((warning) => `warning: ${warning}`),
  ];
}
