/** The report of a transfer. */
import type { Summary } from '../common/summary.js';
import type { TransferResult } from '../experiments/transfer-result.js';
import { transferCharts } from './transfer-charts.js';
import { transferPage } from './transfer-page.js';
import { writeReport } from './write-report.js';

/** Paths inside the folder of a transfer; the charts are `curves-steps.svg` and so on. */
export const transferPaths = {
  json: 'transfer.json',
  markdown: 'transfer.md',
  page: 'transfer.html',
  chart: (name: string) => `curves-${name}.svg`,
  charts: /^curves-(?:steps|samples|seconds|fractions)\.svg$/,
} as const;

export async function writeTransferReport(result: TransferResult, summary: Summary): Promise<void> {
  await writeReport(transferPaths, {
    result,
    summary,
    charts: transferCharts(result),
    page: (figures) => transferPage(result, summary, figures),
  });
}
