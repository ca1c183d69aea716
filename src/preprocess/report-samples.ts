/** What is said about the samples once they are in their parts. */
import type { Logger } from '../common/context.js';
import type { RowCounts, TaskManifest } from '../common/prepared.js';
import { describeCounts } from './read/reject-report.js';
import { PAST_PERIOD } from './split-requests.js';

/** Warns of each task that ends up without samples for training or (but in an update) for evaluation, with what became of its rows. */
export function reportEmptyParts(
  tasks: Readonly<Record<string, TaskManifest>>,
  rows: Readonly<Record<string, RowCounts>>,
  { isUpdate, logger }: { readonly isUpdate: boolean; readonly logger: Logger },
): void {
  const needed = isUpdate ? (['training'] as const) : (['training', 'evaluation'] as const);
  for (const [task, { counts }] of Object.entries(tasks)) {
    const empty = needed.filter((split) => Object.values(counts[split]).every((count) => count === 0));
    if (empty.length === 0) continue;
    const { read, filteredBy, rejectedBy } = rows[`samples/${task}`]!;
    const lost = describeCounts({ ...filteredBy, ...rejectedBy });
    logger.warn(
      { task, read, filteredBy, rejectedBy },
      `${task} has no samples for ${empty.join(' and ')}; of ${read} rows left out: ${lost || 'none'}${isUpdate ? '' : cure(filteredBy)}`,
    );
  }
}

/** What makes labels fit into their part. */
function cure(filteredBy: RowCounts['filteredBy']): string {
  if (!(PAST_PERIOD in filteredBy)) return '';
  return '; a label needs its `within` inside its part of the split: take a shorter one, or a longer part (evaluationLastDays, evaluationTo)';
}
