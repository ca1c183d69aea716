/** The report of a backtest. */
import type { Summary } from '../common/summary.js';
import type { BacktestResult } from '../experiments/backtest-result.js';
import { backtestCharts } from './backtest-charts.js';
import { backtestPage } from './backtest-page.js';
import { writeReport } from './write-report.js';

/** Paths inside the folder of a backtest; the charts are `backtest-auc-ctr.svg` and so on. */
export const backtestPaths = {
  json: 'backtest.json',
  markdown: 'backtest.md',
  page: 'backtest.html',
  chart: (name: string) => `backtest-${name}.svg`,
  /** Tasks have names that are safe in files. */
  charts: /^backtest-(?:(?:auc|difference)-[A-Za-z][A-Za-z0-9_-]*|seconds)\.svg$/,
} as const;

/** `summary` is that of the terminal. */
export async function writeBacktestReport(result: BacktestResult, summary: Summary): Promise<void> {
  await writeReport(backtestPaths, {
    result,
    summary,
    charts: backtestCharts(result),
    page: (figures) => backtestPage(result, summary, figures),
  });
}
