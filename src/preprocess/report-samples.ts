/** What is said about the samples once they are in their parts. */
import type { Logger } from '../common/context.js';
import { type RowCounts, SPLITS, type TaskManifest } from '../common/prepared.js';
import { describeCounts } from './read/reject-report.js';
import { PAST_PERIOD } from './requests.js';

/** Warns of each task that ends up without samples for training or for evaluation, with what became of its rows. */
export function reportEmptyParts(
  tasks: Readonly<Record<string, TaskManifest>>,
  rows: Readonly<Record<string, RowCounts>>,
  logger: Logger,
): void {
  for (const [task, { counts }] of Object.entries(tasks)) {
    const empty = SPLITS.filter(
      (split) => split !== 'validation' && Object.values(counts[split]).every((count) => count === 0),
    );
    if (empty.length === 0) continue;
    const { read, filteredBy, rejectedBy } = rows[`samples/${task}`]!;
    const lost = describeCounts({ ...filteredBy, ...rejectedBy });
    logger.warn(
      { task, read, filteredBy, rejectedBy },
      `${task} has no samples for ${empty.join(' and ')}; of ${read} rows left out: ${lost || 'none'}${cure(filteredBy)}`,
    );
  }
}

/** What makes labels fit into their part. */
function cure(filteredBy: RowCounts['filteredBy']): string {
  if (!(PAST_PERIOD in filteredBy)) return '';
  return '; a label needs its `within` inside its part of the split: take a shorter one, or a longer part (evaluationLastDays, evaluationTo)';
}
