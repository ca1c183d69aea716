/** Finds runs whose metrics are of different samples: of a variant that reads other data, or from before a new preprocess. */
import type { Outcome } from './outcome.js';

/** One line for each task whose evaluation samples differ in number between runs (name -> outcome). */
export function sampleWarnings(outcomes: ReadonlyMap<string, Outcome>): string[] {
  const byTask = new Map<string, Map<string, string>>();
  for (const [run, { labels }] of outcomes) {
    for (const [task, counts] of Object.entries(labels)) {
      const firstRuns = byTask.get(task) ?? new Map<string, string>();
      byTask.set(task, firstRuns);
      const text = counts.join(' / ');
      if (!firstRuns.has(text)) firstRuns.set(text, run);
    }
  }
  return [...byTask].flatMap(([task, firstRuns]) => {
    if (firstRuns.size < 2) return [];
    const found = [...firstRuns].map(([text, run]) => `${run} on ${text}`);
    return [`${task}: not all runs are measured on the same samples (by label: ${found.join(', ')})`];
  });
}
