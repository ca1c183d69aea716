/** The report of a run, beside its metrics. */
import { join } from 'node:path';
import { writeFileAtomic, writeJson } from '../common/files.js';
import { runPage } from './run-page.js';
import type { RunReport } from './run-report.js';

/** Paths inside the folder of a run. */
export const runReportPaths = { json: 'eval/report.json', page: 'eval/report.html' } as const;

/** Each file is replaced as a whole. */
export async function writeRunReport(runFolder: string, report: RunReport): Promise<void> {
  const page = await runPage(report);
  await writeJson(join(runFolder, runReportPaths.json), report);
  await writeFileAtomic(join(runFolder, runReportPaths.page), page);
}
