import { expect, test } from 'vitest';
import type { BatchSamples } from '../../../src/dataset/batch.js';
import { questionsOf } from '../../../src/evaluation/insight/questions.js';
import { randomBatch, smallShape } from '../../model/random-batch.js';

/** Samples as rows of request, slot of the candidate and label. */
function samplesOf(rows: readonly (readonly [number, number, number])[]): BatchSamples {
  return {
    request: Int32Array.from(rows, ([request]) => request),
    candidate: Int32Array.from(rows, ([, slot]) => slot),
    features: new Float32Array(0),
    label: Float32Array.from(rows, ([, , label]) => label),
    weight: new Float32Array(rows.length).fill(1),
    sample: Int32Array.from(rows.keys()),
  };
}

test('words go before candidates, and a positive candidate before the first', () => {
  const task = smallShape.tasks.ctr!;
  const tasks = {
    plain: task,
    first: { ...task, query: 'candidate' as const },
    second: { ...task, query: 'candidate' as const },
    search: { ...task, query: 'text' as const },
    last: { ...task, query: 'candidate' as const },
  };
  const batch = {
    ...randomBatch([1, 1, 1, 1, 1, 0]),
    tasks: {
      plain: samplesOf([
        [0, 1, 1],
        [1, 1, 1],
      ]),
      first: samplesOf([
        [1, 2, 0],
        [1, 3, 1],
        [1, 4, 1],
        [2, 5, 0],
        [3, 6, 0],
        [3, 7, 0],
        [4, 8, 1],
      ]),
      second: samplesOf([
        [1, 9, 1],
        [2, 10, 1],
      ]),
      search: samplesOf([[4, 0, 0]]),
      last: samplesOf([[4, 11, 1]]),
    },
  };
  expect(questionsOf({ tasks }, batch)).toEqual([
    { kind: 'none' },
    { kind: 'candidate', slot: 3 },
    { kind: 'candidate', slot: 10 },
    { kind: 'candidate', slot: 6 },
    { kind: 'text' },
    { kind: 'none' },
  ]);
});
