/** Whether the evaluation period is long enough for what decides the labels of its requests. */
import { toEpochSeconds } from '../../config/dates.js';
import { secondsOf } from '../../config/durations.js';
import type { Config } from '../../config/schema.js';

/** One line for each task of which no request in the evaluation period can be decided inside it. */
export function labelsWithoutRoom({ split, tasks }: Config): string[] {
  const seconds = evaluationSeconds(split);
  return Object.entries(tasks).flatMap(([name, { labels }]) => {
    if (labels?.within === undefined) return [];
    const within = secondsOf(labels.within);
    // Only the start of a day leaves room for all of it.
    const fits = labels.requests === 'dayStart' ? within <= seconds : within < seconds;
    return fits
      ? []
      : [
          `${name} will have no samples for evaluation: its labels are decided within ${labels.within} of a request, and the evaluation period is ${seconds / 3600} hours`,
        ];
  });
}

function evaluationSeconds({ evaluationFrom, evaluationTo, evaluationLastDays }: Config['split']): number {
  if (evaluationLastDays !== undefined) return evaluationLastDays * secondsOf('1d');
  return evaluationFrom !== undefined && evaluationTo !== undefined
    ? toEpochSeconds(evaluationTo, 'UTC') - toEpochSeconds(evaluationFrom, 'UTC')
    : Number.POSITIVE_INFINITY;
}
