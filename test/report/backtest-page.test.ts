import { describe, expect, it } from 'vitest';
import type { BacktestResult } from '../../src/experiments/backtest-result.js';
import { backtestSummary } from '../../src/experiments/backtest-text.js';
import { backtestPage } from '../../src/report/backtest-page.js';
import { days, result } from '../experiments/backtest-example.js';
import { HOSTILE } from './hostile.js';

const page = (of: BacktestResult) =>
  backtestPage(of, backtestSummary(of), [{ svg: '<svg></svg>', caption: 'how it went' }]);

describe('backtestPage', () => {
  const html = page(result);

  it('says what was measured, on which days', () => {
    expect(html).toContain('<h1>Backtest demo</h1>');
    expect(html).toContain('The tasks ctr, spp on 3 days, 2026-01-30 to 2026-02-01: ');
    const one = page({ ...result, tasks: ['ctr'], days: days.slice(0, 1) });
    expect(one).toContain('The task ctr on one day, 2026-01-30: ');
  });

  it('explains the models that there are', () => {
    expect(html).toContain('<dt>stale</dt><dd>stays as it was at the start</dd>');
    const two = page({ ...result, models: ['updated', 'retrained'] });
    expect(two).not.toContain('<dt>stale</dt>');
  });

  it('has the tables, the remarks and the charts', () => {
    expect(html).toContain('<figcaption>how it went</figcaption>');
    expect(html).toContain(
      '<tr><th scope="row">mean of 2</th><td class="number">60</td><td class="number">0.6200</td>',
    );
    expect(html).toContain('<td>updated - stale</td>');
    expect(html).toContain('<li>updated takes 9.41 % of the seconds of retrained');
  });

  it('lists the runs, the start first', () => {
    const rows = html.split('<h3>Measured on each day</h3>')[1]!.match(/<tr>.*<\/tr>/g)!;
    expect(rows).toHaveLength(1 + 1 + 9);
    expect(rows[1]).toBe(
      '<tr><th scope="row">-</th><td>start</td><td class="number">40.0</td><td class="number">100.0</td><td>runs/demo/start</td></tr>',
    );
    expect(rows.at(-1)).toBe(
      '<tr><th scope="row">2026-02-01</th><td>retrained</td><td class="number">60.0</td><td class="number">120.0</td><td>runs/demo/retrained-2026-01-31</td></tr>',
    );
  });

  it('takes hostile names as text', () => {
    const hostile = page({
      ...result,
      name: HOSTILE,
      tasks: [HOSTILE],
      measures: { [HOSTILE]: 'auc' },
      start: { ...result.start, run: HOSTILE },
      days: days.map((day) => ({ ...day, models: { stale: { ...day.models.stale!, run: HOSTILE } } })),
      differences: result.differences.map((each) => ({ ...each, task: HOSTILE })),
    });
    expect(hostile).not.toMatch(/<script/);
    const ends = (of: string) => hostile.split(of).length - 1;
    expect([ends('</title>'), ends('</style>'), ends('\u0000')]).toEqual([1, 1, 0]);
    // The title twice, the lead, a table's heading and its two labels, differences, the start and three days.
    expect(ends('alert(1)')).toBe(2 + 1 + 3 + 3 + 1 + 3);
  });
});
