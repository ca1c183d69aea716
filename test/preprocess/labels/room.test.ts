import { expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/load.js';
import { labelsWithoutRoom } from '../../../src/preprocess/labels/room.js';

const notesOf = (split: string, requests: string, within: string) =>
  labelsWithoutRoom(
    parseConfig(
      `
name: demo
data: { log: { files: e.csv } }
features: { item: { item: { size: 8 } } }
split: ${split}
tasks:
  buy:
    kind: binary
    labels: { requests: ${requests}, within: ${within}, positives: { behavior: [buy] }, negatives: { by: uniform } }
`,
      'c.yaml',
    ),
  );

test('labels that take as long as the evaluation period are told', () => {
  expect(notesOf('{ evaluationLastDays: 1 }', 'sessionStart', '1d')).toEqual([
    'buy will have no samples for evaluation: its labels are decided within 1d of a request, and the evaluation period is 24 hours',
  ]);
  const dates = '{ evaluationFrom: 2016-10-20, evaluationTo: 2016-10-22 }';
  expect(notesOf(dates, 'dayStart', '49h')).toHaveLength(1);
});

test('labels that fit, a day from its start on too, and a period without an end are fine', () => {
  expect(notesOf('{ evaluationLastDays: 2 }', 'sessionStart', '1d')).toEqual([]);
  expect(notesOf('{ evaluationLastDays: 1 }', 'dayStart', '1d')).toEqual([]);
  expect(notesOf('{ evaluationFrom: 2016-10-20 }', 'sessionStart', '90d')).toEqual([]);
});
