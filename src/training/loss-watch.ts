/** Warns of a loss that explodes: of a task whose model has become far worse than one that guesses among its classes. */
import type { Logger } from '../common/context.js';
import { mapValues } from '../common/map-values.js';
import type { ModelShape } from '../model/shape.js';
import type { MeanRecord } from './step-records.js';

/** Times the loss of a guess. */
const EXPLODED = 2;

/** What is returned is told each record of the training; a task is warned of again only after it was better. */
export function watchLosses({ tasks }: ModelShape, logger: Logger): (record: MeanRecord) => void {
  // log(classes): the log loss of a model that finds all classes equally likely.
  const guesses = mapValues(tasks, ({ outputs }) => Math.log(Math.max(2, outputs)));
  const exploded = new Set<string>();
  return (record) => {
    for (const [task, guess] of Object.entries(guesses)) {
      const loss = record[`loss[${task}]`];
      if (loss === undefined) continue;
      if (loss <= EXPLODED * guess) exploded.delete(task);
      else if (!exploded.has(task)) {
        exploded.add(task);
        logger.warn(
          { task, step: record.step, loss, lossOfGuess: guess },
          'the loss is more than twice that of a guess: training may be diverging ' +
            '(a smaller train.learningRate or train.tableLearningRate, or train.clipNorm, may help)',
        );
      }
    }
  };
}
