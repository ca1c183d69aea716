/** Which days a run has learned from, so that it is neither measured on them nor taught them twice. */
import type { Logger } from '../common/context.js';
import { UserError } from '../common/errors.js';
import type { Manifest } from '../common/prepared.js';
import type { TrainingState } from './training-state.js';

type Period = Pick<Manifest, 'coveredTo' | 'updateFrom' | 'evaluationFrom'>;
type Learned = { readonly folder: string; readonly state: Pick<TrainingState, 'learnedTo'> };

/** Until when the training and validation requests of prepared data lie, as ISO 8601. */
export function learningEnd({ coveredTo, updateFrom, evaluationFrom }: Period): string {
  if (coveredTo === undefined) return evaluationFrom;
  if (updateFrom) return coveredTo;
  return evaluationFrom < coveredTo ? evaluationFrom : coveredTo;
}

/**
 * Whether an update of prepared data comes after what a run has learned; days in between are warned of.
 * @throws UserError when the run has learned from them
 */
export function checkDays({ folder, state }: Learned, period: Period, logger: Logger): void {
  const { updateFrom } = period;
  if (!updateFrom) return;
  requireUnlearned({ folder, state }, period, 'learn');
  if (state.learnedTo < updateFrom) {
    logger.warn(
      { learnedTo: state.learnedTo, updateFrom },
      'the days between what the run has learned and the update are not learned',
    );
  }
}

/**
 * `learn`: from an update; `measure`: on an update, or on the evaluation part of other data.
 * @throws UserError when a run has learned from these days
 */
export function requireUnlearned(
  { folder, state: { learnedTo } }: Learned,
  { updateFrom, coveredTo, evaluationFrom }: Period,
  action: 'learn' | 'measure',
): void {
  const from = updateFrom ?? (action === 'measure' ? evaluationFrom : null);
  if (!from || learnedTo <= from) return;
  const days = updateFrom ? `the update from ${from} to ${coveredTo}` : `the evaluation part from ${from} on`;
  throw new UserError(
    `Cannot ${action === 'learn' ? 'teach' : 'measure'} ${folder} on ${days}: it has learned from the days until ${learnedTo}; ` +
      'use a run of before that',
  );
}
