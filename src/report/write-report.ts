/** What an experiment leaves in its folder beside its runs: numbers for programs, and for people. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic, writeJson } from '../common/files.js';
import { type Summary, summaryMarkdown } from '../common/summary.js';
import type { Chart } from './chart.js';
import { drawFigures } from './figures.js';
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
  /** What `chart` makes of the names that charts of the experiment have, and nothing else. */
  readonly charts: RegExp;
}

export interface Report {
  readonly result: { readonly folder: string };
  readonly summary: Summary;
  readonly charts: readonly ReportChart[];
  readonly page: (figures: readonly Figure[]) => string;
}

/**
 * Into `result.folder`; each file is replaced as a whole, so that this can be done after every run. Charts that an
 * earlier report had and this one has not are removed.
 */
export async function writeReport(
  paths: ReportPaths,
  { result, summary, charts, page }: Report,
): Promise<void> {
  const { folder } = result;
  const figures = await drawFigures(charts);
  await writeJson(join(folder, paths.json), result);
  await writeFileAtomic(join(folder, paths.markdown), summaryMarkdown(summary));
  const files = new Set(figures.map(({ name }) => paths.chart(name)));
  await removeFiles(folder, (file) => paths.charts.test(file) && !files.has(file));
  for (const { name, svg } of figures) await writeFileAtomic(join(folder, paths.chart(name)), `${svg}\n`);
  await writeFileAtomic(join(folder, paths.page), page(figures));
}

async function removeFiles(folder: string, isOld: (file: string) => boolean): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isFile() && isOld(entry.name)) await rm(join(folder, entry.name), { force: true });
  }
}
