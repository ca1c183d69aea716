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

/** @throws UserError when a run has learned from the days of an update */
export function requireUnlearned(
  { folder, state: { learnedTo } }: Learned,
  { updateFrom, coveredTo }: Pick<Period, 'updateFrom' | 'coveredTo'>,
  action: 'learn' | 'measure',
): void {
  if (!updateFrom || learnedTo <= updateFrom) return;
  const text = action === 'learn' ? 'teach' : 'measure';
  throw new UserError(
    `Cannot ${text} ${folder} on the update from ${updateFrom} to ${coveredTo}: it has learned from the days until ${learnedTo}; ` +
      'use a run of before the update',
  );
}
