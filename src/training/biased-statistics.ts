/** A warning where batch normalisation learns its statistics on samples that are not as they come. */
import { activeTasks } from '../common/active-tasks.js';
import type { Logger } from '../common/context.js';
import type { Config } from '../config/schema.js';

/** Statistics of a normalised layer are those of the samples that train it, weighted or filtered as these may be. */
export function warnOfStatistics(config: Config, logger: Logger): void {
  for (const [task, { tower, trainFrom, classWeights, samples, labels }] of Object.entries(
    activeTasks(config),
  )) {
    if (!tower.batchNormalisation) continue;
    const weighted = classWeights ?? samples.weight ?? Object.keys(samples.weightBy)[0];
    const reasons = [
      ...(trainFrom === undefined ? [] : ['are filtered (trainFrom)']),
      ...(weighted === undefined ? [] : ['are weighted']),
      ...(labels && 'negatives' in labels && labels.negatives ? ['have drawn negatives'] : []),
    ];
    if (reasons.length === 0) continue;
    logger.warn(
      { task },
      `the training samples ${reasons.join(' and ')}: the statistics of its batch normalisation may not be those met in use ` +
        '(dupn train --recalibrate-bn with a config of samples as they come takes them from those)',
    );
  }
}
