/** What an experiment leaves in its folder beside its runs: numbers for programs, and for people. */
import { join } from 'node:path';
import { writeFileAtomic, writeJson } from '../common/files.js';
import { type Summary, summaryMarkdown } from '../common/summary.js';
import { type Chart, renderChart } from './chart.js';
import type { Figure } from './page.js';

export interface ReportChart extends Chart {
  /** Part of a file name. */
  readonly name: string;
  readonly caption: string;
}

/** Inside the folder of the experiment. */
export interface ReportPaths {
  readonly json: string;
  readonly markdown: string;
  readonly page: string;
  readonly chart: (name: string) => string;
}

export interface Report {
  readonly result: { readonly folder: string };
  readonly summary: Summary;
  readonly charts: readonly ReportChart[];
  readonly page: (figures: readonly Figure[]) => string;
}

/** Into `result.folder`; each file is replaced as a whole, so that this can be done after every run. */
export async function writeReport(
  paths: ReportPaths,
  { result, summary, charts, page }: Report,
): Promise<void> {
  const { folder } = result;
  const figures = [];
  for (const chart of charts) {
    figures.push({ name: chart.name, svg: await renderChart(chart), caption: chart.caption });
  }
  await writeJson(join(folder, paths.json), result);
  await writeFileAtomic(join(folder, paths.markdown), summaryMarkdown(summary));
  for (const { name, svg } of figures) await writeFileAtomic(join(folder, paths.chart(name)), `${svg}\n`);
  await writeFileAtomic(join(folder, paths.page), page(figures));
}
