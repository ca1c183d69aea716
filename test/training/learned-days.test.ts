import { expect, test } from 'vitest';
import { checkDays, learningEnd, requireUnlearned } from '../../src/training/learned-days.js';

const day = (number: number) => `2026-01-0${number}T00:00:00.000Z`;
const run = (learnedTo: string) => ({ folder: 'runs/a', state: { learnedTo } });
const update = { evaluationFrom: day(4), coveredTo: day(4), updateFrom: day(3) };

function warnings() {
  const seen: object[] = [];
  const logger = { debug() {}, info() {}, error() {}, warn: (fields: object) => void seen.push(fields) };
  return { seen, logger };
}

test('training ends where the evaluation period begins, or the log ends', () => {
  expect(learningEnd({ evaluationFrom: day(3), coveredTo: day(5), updateFrom: null })).toBe(day(3));
  expect(learningEnd({ evaluationFrom: day(5), coveredTo: day(4), updateFrom: null })).toBe(day(4));
  expect(learningEnd(update)).toBe(day(4));
});

test('a run is neither measured on days that it knows nor taught them again', () => {
  expect(() => requireUnlearned(run(day(4)), update, 'measure')).toThrow(
    /Cannot measure runs\/a .* learned from the days until 2026-01-04/,
  );
  expect(() => checkDays(run(day(4)), update, warnings().logger)).toThrow(/Cannot teach runs\/a/);
  requireUnlearned(run(day(3)), update, 'measure');
  // Data that is no update has an evaluation part of its own.
  requireUnlearned(run(day(4)), { ...update, updateFrom: null }, 'measure');
});

test('days that nobody learned are warned of', () => {
  const { seen, logger } = warnings();
  checkDays(run(day(3)), update, logger);
  expect(seen).toEqual([]);
  checkDays(run(day(2)), update, logger);
  expect(seen).toEqual([{ learnedTo: day(2), updateFrom: day(3) }]);
});
