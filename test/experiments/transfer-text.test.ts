import { describe, expect, it } from 'vitest';
import { summaryMarkdown } from '../../src/common/summary.js';
import { summariseTransfer } from '../../src/experiments/summarise-transfer.js';
import { transferSummary, transferText } from '../../src/experiments/transfer-text.js';
import { plan, point, run, runs } from './transfer-example.js';

describe('transferText', () => {
  it('has a table for each fraction, the largest first', () => {
    expect(transferText(summariseTransfer(plan, runs))).toBe(
      `AUC of spp, 4000 training samples
strategy        AUC  deviation  steps to 99 %  samples to 99 %  seconds to 99 %  samples / retrain-all  seeds  seeds to 99 %
-----------  ------  ---------  -------------  ---------------  ---------------  ---------------------  -----  -------------
retrain-all  0.7000     0.0283            200             2000               80                      1      2              1
fine-tune    0.7000     0.0141             50              500                5                   0.25      2              2

AUC of spp, 10 % of 4000 training samples
strategy        AUC  deviation  steps to 99 %  samples to 99 %  seconds to 99 %  samples / retrain-all  seeds  seeds to 99 %
-----------  ------  ---------  -------------  ---------------  ---------------  ---------------------  -----  -------------
retrain-all  0.6200     0.0141             30              300               12                      1      2              1
fine-tune    0.6000          -              -                -                -                      -      1              -

AUC: at the weights that the validation part chose (ringed in the curves), which need not be the highest or the last point
99 %: first measurement with 99 % of what retrain-all's AUC gains over 0.5, mean over the seeds that reached it (seeds to 99 %); a dash: not reached
costs are known to one measurement: 2 in a run, 1000 samples apart (train.validationsPerEpoch)
deviation: of the AUC over the seeds, 1, 2
seconds are spent on training; those of the base are left out, 120.0 a seed`,
    );
  });

  it('says what is missing', () => {
    const bare = { ...plan, seeds: [1], bases: [], measure: 'macroAuc' as const };
    const text = transferText(
      summariseTransfer(bare, [run('fine-tune', 1, 1, 0.6, [point(0, 0.5), point(10, 0.61)])]),
    );
    expect(text).toContain('macro AUC of spp, 4000 training samples\nstrategy   macro AUC  steps to 99 %');
    expect(text).not.toContain('10 %');
    expect(text).toMatch(
      /\nnothing reaches 99 %: it is 99 % of retrain-all, which has no run\n.*\none seed: .* a look at the curves rather than a result \(seeds: \[1, 2, 3\]\)$/,
    );
    expect(transferText(summariseTransfer(bare, [run('retrain-all', 1, 1, 0.5, [])]))).toContain(
      "of what retrain-all's macro AUC gains over 0.5; a dash: not reached, or retrain-all is no better than chance",
    );
  });

  it('says how far an AUC is known, by the mean over the seeds, where that was measured', () => {
    const known = { samples: 483, requests: 161, users: 148 };
    const final = [point(0, 0.5), point(10, 0.6)];
    const result = summariseTransfer(plan, [
      run('retrain-all', 1, 1, 0.6, final, { ...known, standardError: 0.02 }),
      run('retrain-all', 1, 2, 0.6, final, { ...known, standardError: 0.03 }),
      run('fine-tune', 1, 1, 0.6, final, { ...known, standardError: 0.04 }),
      run('fine-tune', 1, 2, 0.6, final),
    ]);
    const { tables, remarks } = transferSummary(result);
    expect(tables[0]!.header.slice(0, 4)).toEqual(['strategy', 'AUC', 'standard error', 'deviation']);
    expect(tables[0]!.rows.map((row) => row[2])).toEqual(['0.0250', null]);
    expect(remarks[1]).toMatch(
      /over the 148 users with 161 requests and 483 samples .* two of them, 0\.0500, may/,
    );
  });

  it('counts no seeds where all of those that have a run reached the target', () => {
    const final = [point(0, 0.5), point(10, 0.6)];
    const all = [
      run('retrain-all', 1, 1, 0.6, final),
      run('retrain-all', 1, 2, 0.6, [...final, point(20, 0.5)]),
    ];
    const { tables, remarks } = transferSummary(summariseTransfer(plan, all));
    expect(tables[0]!.header.at(-1)).toBe('seeds');
    expect(tables[0]!.rows).toEqual([['retrain-all', '0.6000', '0.0000', 10, 100, 1, 1, 2]]);
    expect(remarks[1]).toMatch(/gains over 0\.5, mean over the seeds that reached it; a dash: not reached$/);
    const one = transferSummary(summariseTransfer({ ...plan, seeds: [1] }, all));
    expect(one.remarks[1]).toMatch(/gains over 0\.5; a dash: not reached$/);
  });

  it('has no ratio where retrain-all reached its target without a sample', () => {
    const result = summariseTransfer(plan, [
      run('retrain-all', 1, 1, 0.6, [point(0, 0.6)]),
      run('fine-tune', 1, 1, 0.6, [point(10, 0.6)]),
    ]);
    expect(transferSummary(result).tables[0]!.rows).toEqual([
      ['retrain-all', '0.6000', null, 0, 0, 0, null, 1],
      ['fine-tune', '0.6000', null, 10, 100, 1, null, 1],
    ]);
  });
});

describe('transferSummary', () => {
  it('is headings, tables and remarks as Markdown', () => {
    const markdown = summaryMarkdown(transferSummary(summariseTransfer(plan, runs)));
    expect(markdown).toMatch(/^# Transfer demo\n\n## AUC of spp, 4000 training samples\n\n\| strategy \|/);
    expect(markdown).toContain('| fine-tune | 0.7000 | 0.0141 | 50 | 500 | 5 | 0.25 | 2 | 2 |');
    expect(markdown).toContain('\n- 99 %: first measurement');
  });
});
