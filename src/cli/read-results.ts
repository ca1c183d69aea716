/** What runs and experiments have left in their folders, to make pages of. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { messageOf, UserError } from '../common/errors.js';
import { backtestSummary } from '../experiments/backtest-text.js';
import { comparisonPaths } from '../experiments/compare.js';
import { comparisonSummary } from '../experiments/comparison-text.js';
import { transferSummary } from '../experiments/transfer-text.js';
import type { Experiment } from '../report/merged-page.js';
import { RUN_REPORT_FORMAT, type RunReport } from '../report/run-report.js';
import { backtestPaths } from '../report/write-backtest-report.js';
import { runReportPaths } from '../report/write-run-report.js';
import { transferPaths } from '../report/write-transfer-report.js';

export interface Results {
  /** By name; by folder where two have the same name. */
  readonly runs: Readonly<Record<string, RunReport>>;
  readonly experiments: readonly Experiment[];
}

/** What is looked for in a folder, and the command that leaves it there. */
const SOURCES = [
  { kind: 'run', file: runReportPaths.json, command: 'dupn eval' },
  { kind: 'comparison', file: comparisonPaths.json, command: 'dupn compare' },
  { kind: 'transfer', file: transferPaths.json, command: 'dupn transfer' },
  { kind: 'backtest', file: backtestPaths.json, command: 'dupn backtest' },
] as const;

/** @throws UserError when a folder has nothing to show, or something that cannot be read */
export async function readResults(folders: readonly string[]): Promise<Results> {
  const runs = new Map<string, RunReport>();
  const experiments: Experiment[] = [];
  for (const folder of distinct(folders)) {
    const found = SOURCES.filter(({ file }) => existsSync(join(folder, file)));
    if (found.length === 0) throw nothingIn(folder);
    for (const { kind, file } of found) {
      const path = join(folder, file);
      const read = await readJson(path);
      if (kind === 'run') runs.set(folder, checkedReport(read as RunReport, path));
      else experiments.push(experimentOf(kind, read));
    }
  }
  return { runs: labelled(runs), experiments };
}

/** Each once, by the name that it was first given. */
function distinct(folders: readonly string[]): string[] {
  const paths = folders.map((folder) => resolve(folder));
  return folders.filter((_, at) => paths.indexOf(paths[at]!) === at);
}

function nothingIn(folder: string): UserError {
  const expected = SOURCES.map(({ file, command }) => `${file} (${command} makes it)`);
  return new UserError(
    `Cannot report on ${folder}: expected ${expected.slice(0, -1).join(', ')} or ${expected.at(-1)}, ` +
      `got ${existsSync(folder) ? 'a folder without any of them' : 'no such folder'}`,
  );
}

async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8');
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UserError(`Cannot report on ${path}: expected JSON, got what is none (${messageOf(error)})`, {
      cause: error,
    });
  }
}

function checkedReport(report: RunReport, path: string): RunReport {
  if (report.format === RUN_REPORT_FORMAT) return report;
  throw new UserError(
    `Cannot report on ${path}: expected format ${RUN_REPORT_FORMAT}, got ${report.format}; ` +
      'evaluate the run again with this version (dupn eval)',
  );
}

function experimentOf(kind: Experiment['kind'], read: unknown): Experiment {
  switch (kind) {
    case 'comparison': {
      const result = read as Extract<Experiment, { kind: 'comparison' }>['result'];
      return { kind, result, summary: comparisonSummary(result) };
    }
    case 'transfer': {
      const result = read as Extract<Experiment, { kind: 'transfer' }>['result'];
      return { kind, result, summary: transferSummary(result) };
    }
    case 'backtest': {
      const result = read as Extract<Experiment, { kind: 'backtest' }>['result'];
      return { kind, result, summary: backtestSummary(result) };
    }
  }
}

function labelled(runs: ReadonlyMap<string, RunReport>): Readonly<Record<string, RunReport>> {
  const names = [...runs.values()].map(({ name }) => name);
  return Object.fromEntries(
    [...runs].map(([folder, report]) => {
      const isAlone = names.filter((name) => name === report.name).length === 1;
      return [isAlone ? report.name : folder, report];
    }),
  );
}
