/** Everything that a transfer leaves in its folder beside its runs: numbers for programs, and for people. */
import { join } from 'node:path';
import { writeFileAtomic, writeJson } from '../common/files.js';
import { type Summary, summaryMarkdown } from '../common/summary.js';
import type { TransferResult } from '../experiments/transfer-result.js';
import { renderChart } from './chart.js';
import { transferCharts } from './transfer-charts.js';
import { transferPage } from './transfer-page.js';

/** Paths inside the folder of a transfer; the charts are `curves-steps.svg` and so on. */
export const transferPaths = {
  json: 'transfer.json',
  markdown: 'transfer.md',
  page: 'transfer.html',
  chart: (name: string) => `curves-${name}.svg`,
} as const;

/** Into `result.folder`; each file is replaced as a whole, so that this can be done after every run. */
export async function writeTransferReport(result: TransferResult, summary: Summary): Promise<void> {
  const { folder } = result;
  const figures = [];
  for (const chart of transferCharts(result)) {
    figures.push({ name: chart.name, svg: await renderChart(chart), caption: chart.caption });
  }
  await writeJson(join(folder, transferPaths.json), result);
  await writeFileAtomic(join(folder, transferPaths.markdown), summaryMarkdown(summary));
  for (const { name, svg } of figures) {
    await writeFileAtomic(join(folder, transferPaths.chart(name)), `${svg}\n`);
  }
  await writeFileAtomic(join(folder, transferPaths.page), transferPage(result, summary, figures));
}
