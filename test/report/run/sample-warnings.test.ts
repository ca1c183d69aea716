import { describe, expect, it } from 'vitest';
import { sampleWarnings } from '../../../src/report/run/sample-warnings.js';
import type { RunReport } from '../../../src/report/run-report.js';
import { example } from '../run-example.js';

/** With other counts of the task ctr. */
const counted = (change: object): RunReport => ({
  ...example,
  evaluation: {
    ...example.evaluation,
    tasks: { ...example.evaluation.tasks, ctr: { ...example.evaluation.tasks.ctr!, ...change } },
  },
});

const measured = (change: Partial<RunReport['data']>): RunReport => ({
  ...example,
  data: { ...example.data, ...change },
});

describe('sampleWarnings', () => {
  it('are none of runs on the same samples, whatever their time zones', () => {
    expect(sampleWarnings({ a: example, b: measured({ timeZone: 'Asia/Tokyo' }) })).toEqual([]);
    expect(sampleWarnings({ a: example })).toEqual([]);
  });

  it('name the tasks whose runs are measured on other samples', () => {
    expect(sampleWarnings({ a: example, b: counted({ labels: [7761, 240] }) })).toEqual([
      'ctr: not all runs are measured on the same samples (a on 7760 / 240 by label, 300 requests, 80 users; ' +
        'b on 7761 / 240 by label, 300 requests, 80 users).',
    ]);
    expect(sampleWarnings({ a: example, b: counted({ users: 81 }) })).toHaveLength(1);
    expect(sampleWarnings({ a: example, b: counted({ requests: 299 }) })).toHaveLength(1);
  });

  it('name other periods once, though the counts be the same', () => {
    const ends = measured({ evaluationTo: '2026-01-11T12:00:00.000Z' });
    expect(sampleWarnings({ a: example, b: ends })).toEqual([
      'ctr, spp, l2r, ppp: not all runs are measured on the same period (a on 2026-01-11 00:00 UTC to the end of the log; ' +
        'b on 2026-01-11 00:00 UTC to 2026-01-11 12:00 UTC).',
    ]);
    const begins = measured({ evaluationFrom: '2026-01-10T00:00:00.000Z' });
    expect(sampleWarnings({ a: example, b: begins })).toHaveLength(1);
  });
});
