import { expect, test } from 'vitest';
import { silentContext } from '../../src/common/context.js';
import { watchLosses } from '../../src/training/loss-watch.js';
import { smallShape } from '../model/random-batch.js';

test('a loss beyond twice that of a guess is warned of once, and again only after it was better', () => {
  const log: object[] = [];
  const logger = { ...silentContext.logger, warn: (fields: object) => log.push(fields) };
  const watch = watchLosses(smallShape, logger);
  const record = (step: number, loss: number) =>
    watch({ step, loss, gradientNorm: 1, samples: 1, 'loss[ctr]': loss });
  const limit = 2 * Math.log(2);
  record(20, 0.6);
  record(40, limit);
  expect(log).toEqual([]);
  record(60, limit + 0.01);
  record(80, 9);
  expect(log).toEqual([{ task: 'ctr', step: 60, loss: limit + 0.01, lossOfGuess: Math.log(2) }]);
  record(100, 0.6);
  record(120, 9);
  expect(log).toHaveLength(2);
});
