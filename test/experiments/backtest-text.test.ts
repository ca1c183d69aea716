import { describe, expect, it } from 'vitest';
import { summaryMarkdown } from '../../src/common/summary.js';
import type { BacktestDay } from '../../src/experiments/backtest-result.js';
import { backtestSummary, backtestText } from '../../src/experiments/backtest-text.js';
import { begun, days, ofModel, result } from './backtest-example.js';

const tableOf = (title: string, of = result) =>
  backtestSummary(of).tables.find((table) => table.title === title);

describe('backtestText', () => {
  it('has the AUC of each task by day, the differences, and the seconds', () => {
    expect(backtestText(result)).toBe(
      `AUC of ctr
day         samples  updated   stale  retrained
----------  -------  -------  ------  ---------
2026-01-30     1000   0.7000  0.7000     0.7000
2026-01-31     1100   0.7200  0.7100     0.7300
2026-02-01     1201   0.7400  0.6900     0.7300
mean           1100   0.7200  0.7000     0.7200

AUC of spp
day         samples  updated   stale  retrained
----------  -------  -------  ------  ---------
2026-01-30       50   0.6000  0.6000     0.6000
2026-01-31        1        -       -          -
2026-02-01       70   0.6400  0.6000     0.6200
mean of 2        60   0.6200  0.6000     0.6100

Differences of AUC, mean over the days
task  models               difference  95 % interval       beyond chance
----  -------------------  ----------  ------------------  -------------
ctr   updated - stale         +0.0200  +0.0050 .. +0.0350  yes
ctr   updated - retrained      0.0000  -0.0100 .. +0.0100  no
spp   updated - stale         +0.0200  -                   -

Seconds
model      days learned  preprocessing a day  training a day  preprocessing  training  together
---------  ------------  -------------------  --------------  -------------  --------  --------
start                 -                    -               -             40       100       140
updated               2                    5              11             10        22        32
stale                 0                    -               -              0         0         0
retrained             2                   55             115            110       230       340

a dash: the samples of the day are of one class, or the model is not measured on it; means are over the days on which all models are
beyond chance: the interval, bootstrapped over the users, is without 0; that of training is not in it, which had one seed, 1
a day: mean over the days learned, those on which the model is not that of an earlier day
updated takes 9.41 % of the seconds of retrained, on the days that both learned`,
    );
  });

  it('says before the first day what the start took', () => {
    expect(backtestSummary(begun).tables.map(({ title }) => title)).toEqual(['Seconds']);
    expect(tableOf('Seconds', begun)!.rows).toEqual([
      ['start', null, null, null, 40, 100, 140],
      ['updated', 0, null, null, 0, 0, 0],
      ['stale', 0, null, null, 0, 0, 0],
      ['retrained', 0, null, null, 0, 0, 0],
    ]);
    expect(backtestSummary(begun).remarks).toEqual(['no day is done yet']);
  });

  it('has one day as the mean too', () => {
    const one = { ...result, tasks: ['ctr'], days: days.slice(0, 1), differences: [] };
    expect(tableOf('AUC of ctr', one)!.rows).toEqual([
      ['2026-01-30', 1000, '0.7000', '0.7000', '0.7000'],
      ['mean', 1000, '0.7000', '0.7000', '0.7000'],
    ]);
    expect(backtestSummary(one).remarks).toHaveLength(1);
  });

  it('calls the measure of a task of several classes macro AUC', () => {
    const measures = { ctr: 'auc', spp: 'macroAuc' } as const;
    expect(backtestSummary({ ...result, measures }).tables.map(({ title }) => title)).toEqual([
      'AUC of ctr',
      'macro AUC of spp',
      'Differences of AUC, mean over the days',
      'Seconds',
    ]);
  });

  it('leaves a model out that the backtest does not have', () => {
    const two = { ...result, models: ['updated', 'stale'] as const, days: days.map(withoutRetrained) };
    const text = backtestText({ ...two, differences: result.differences.slice(0, 1) });
    expect(text).not.toContain('retrained');
    expect(tableOf('AUC of ctr', two)!.rows.at(-1)).toEqual(['mean', 1100, '0.7200', '0.7000']);
  });

  it('takes means over the days that all models have', () => {
    const going = { ...result, days: [...days.slice(0, 2), withoutRetrained(days[2]!)] };
    expect(tableOf('AUC of ctr', going)!.rows.slice(2)).toEqual([
      ['2026-02-01', 1201, '0.7400', '0.6900', null],
      ['mean of 2', 1050, '0.7100', '0.7050', '0.7150'],
    ]);
    const never = { ...result, days: days.map(withoutRetrained) };
    expect(tableOf('AUC of ctr', never)!.rows.at(-1)).toEqual(['mean', 1100, '0.7200', '0.7000', null]);
  });

  it('has no mean where no day has an AUC', () => {
    const bare = [{ ...days[0]!, samples: {}, models: { stale: ofModel('start', [null, null]) } }];
    expect(tableOf('AUC of ctr', { ...result, days: bare })!.rows).toEqual([
      ['2026-01-30', null, null, null, null],
      ['mean of 0', null, null, null, null],
    ]);
  });
});

describe('backtestSummary', () => {
  it('is headings, tables and remarks as Markdown', () => {
    const markdown = summaryMarkdown(backtestSummary(result));
    expect(markdown).toMatch(/^# Backtest demo\n\n## AUC of ctr\n\n\| day \| samples \|/);
    expect(markdown).toContain('| ctr | updated - stale | +0.0200 | +0.0050 .. +0.0350 | yes |');
    expect(markdown).toContain('\n- beyond chance: ');
  });

  it('calls a difference beyond chance on either side of 0', () => {
    const [first] = result.differences;
    const beyond = (low: number, high: number) =>
      tableOf('Differences of AUC, mean over the days', {
        ...result,
        differences: [{ ...first!, interval: { low, high } }],
      })!.rows[0]!.at(-1);
    expect([beyond(-0.2, -0.1), beyond(-0.1, 0), beyond(0, 0.1), beyond(0.1, 0.2)]).toEqual([
      'yes',
      'no',
      'no',
      'yes',
    ]);
  });
});

function withoutRetrained({ models: { retrained: _, ...models }, ...day }: BacktestDay): BacktestDay {
  return { ...day, models };
}
