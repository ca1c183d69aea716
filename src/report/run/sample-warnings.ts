/** What speaks against setting the numbers of runs against each other: they are of other samples. */
import type { RunReport } from '../run-report.js';
import type { Reports } from './learning-charts.js';
import { tasksOf, withTask } from './run-tables.js';
import { momentText } from './time-text.js';

/** Each once, with all tasks that it speaks of. */
export function sampleWarnings(reports: Reports): string[] {
  const tasks = new Map<string, string[]>();
  for (const task of tasksOf(reports)) {
    const runs = withTask(reports, task);
    const periods = differing(runs, periodOf);
    const samples = differing(runs, (report) => samplesOf(report, task));
    const text = periods ? `period (${periods})` : samples && `samples (${samples})`;
    if (text) tasks.set(text, [...(tasks.get(text) ?? []), task]);
  }
  return [...tasks].map(([text, of]) => `${of.join(', ')}: not all runs are measured on the same ${text}.`);
}

/** What each run has, where that is not the same for all; null where it is. */
function differing(runs: Reports, textOf: (report: RunReport) => string): string | null {
  const texts = Object.entries(runs).map(([label, report]) => [label, textOf(report)] as const);
  if (new Set(texts.map(([, text]) => text)).size <= 1) return null;
  return texts.map(([label, text]) => `${label} on ${text}`).join('; ');
}

/** In UTC, whatever the time zones of the runs. */
function periodOf({ data: { evaluationFrom, evaluationTo } }: RunReport): string {
  const moment = (time: string) => `${momentText(Date.parse(time) / 1000, 'UTC')} UTC`;
  return `${moment(evaluationFrom)} to ${evaluationTo === null ? 'the end of the log' : moment(evaluationTo)}`;
}

function samplesOf({ evaluation }: RunReport, task: string): string {
  const { labels, requests, users } = evaluation.tasks[task]!;
  return `${labels.join(' / ')} by label, ${requests} requests, ${users} users`;
}
