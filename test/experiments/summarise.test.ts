import { describe, expect, it } from 'vitest';
import type { Comparison } from '../../src/config/load-comparison.js';
import type { Config } from '../../src/config/schema.js';
import { comparisonMarkdown, comparisonText } from '../../src/experiments/comparison-text.js';
import type { Outcome } from '../../src/experiments/outcome.js';
import { summarise } from '../../src/experiments/summarise.js';

const config = { name: 'demo', train: { epochs: 2 }, run: {} } as Config;

const comparison = (seeds: number[]): Comparison => ({
  name: 'paper',
  folder: 'runs/paper',
  baseFile: 'base.yaml',
  seeds,
  configs: new Map([
    ['base', config],
    ['a', config],
    ['b', config],
  ]),
  groups: { both: ['a', 'b'] },
});

function outcome(metrics: Record<string, number | null>, cost = 1, labels = [8, 2]): Outcome {
  return {
    metrics,
    cutShort: false,
    labels: { ctr: labels },
    costs: {
      denseParameters: 10 * cost,
      tableParameters: 100 * cost,
      weightBytes: 440 * cost,
      trainingSeconds: cost / 2,
      steps: cost,
      scoringSeconds: 3 * cost,
    },
  };
}

const whole = new Map([
  ['base-seed1', outcome({ 'auc[ctr]': 0.7, 'auc[shop]': 0.6 })],
  ['base-seed2', outcome({ 'auc[ctr]': 0.8, 'auc[shop]': null })],
  ['a-seed1', outcome({ 'auc[ctr]': 0.71 }, 2)],
  ['a-seed2', outcome({ 'auc[ctr]': 0.83 }, 4)],
  ['b-seed1', outcome({ 'auc[shop]': 0.5 }, 5)],
  ['b-seed2', outcome({ 'auc[shop]': 0.4 }, 7)],
]);

describe('summarise', () => {
  it('names the variants that more epochs may help', () => {
    const cut = { ...outcome({ 'auc[ctr]': 0.71 }), cutShort: true };
    const { warnings } = summarise(
      comparison([1, 2]),
      new Map([...whole, ['a-seed2', cut], ['b-seed1', cut]]),
    );
    expect(warnings).toEqual([
      'still getting better when train.epochs ended the training, more may help: a (1 of 2 seeds, epochs: 2), b (1 of 2 seeds, epochs: 2)',
    ]);
  });

  it('sets every row against the base of the same seed', () => {
    const { metrics, runs, warnings } = summarise(comparison([1, 2]), whole);
    const { base, a, both } = metrics['auc[ctr]']!;
    expect(base).toMatchObject({ mean: 0.75, values: { 1: 0.7, 2: 0.8 }, difference: null, seeds: 2 });
    expect(base!.deviation).toBeCloseTo(0.1 / Math.SQRT2, 12);
    expect(a!.mean).toBeCloseTo(0.77, 12);
    // Differences .01 and .03: mean .02, deviation .0141, t(0.975, 1) = 12.7062 with one degree of freedom.
    expect(a!.difference!.mean).toBeCloseTo(0.02, 12);
    expect(a!.difference!.interval!.low).toBeCloseTo(0.02 - 12.70620473617 * 0.01, 9);
    expect(a!.difference!.interval!.high).toBeCloseTo(0.02 + 12.70620473617 * 0.01, 9);
    expect(both).toEqual(a);
    expect(Object.keys(metrics['auc[ctr]']!)).toEqual(['base', 'a', 'both']);
    expect([runs, warnings]).toEqual([{ planned: 6, missing: [] }, []]);
  });

  it('pairs only seeds that both could measure', () => {
    const { base, b } = summarise(comparison([1, 2]), whole).metrics['auc[shop]']!;
    expect(base).toMatchObject({ mean: 0.6, deviation: null, seeds: 1 });
    expect(b).toMatchObject({ seeds: 2, difference: { seeds: 1, deviation: null, interval: null } });
    expect(b!.mean).toBeCloseTo(0.45, 12);
    expect(b!.difference!.mean).toBeCloseTo(-0.1, 12);
  });

  it('gives the mean costs of a row, those of a group added up', () => {
    const { costs } = summarise(comparison([1, 2]), whole);
    expect(costs.a).toMatchObject({ denseParameters: 30, trainingSeconds: 1.5, scoringSeconds: 9, seeds: 2 });
    expect(costs.both).toMatchObject({ denseParameters: 90, weightBytes: 440 * 9, steps: 9, seeds: 2 });
  });

  it('says what is missing, and has no costs of a group without one of its members', () => {
    const part = new Map([...whole].filter(([name]) => !['a-seed2', 'b-seed2', 'b-seed1'].includes(name)));
    const { runs, costs, metrics } = summarise(comparison([1, 2]), part);
    expect(runs.missing).toEqual(['b-seed1', 'a-seed2', 'b-seed2']);
    expect(Object.keys(costs)).toEqual(['base', 'a']);
    expect(metrics['auc[ctr]']!.both).toMatchObject({ mean: 0.71, seeds: 1 });
    expect(metrics['auc[ctr]']!.a!.difference!.interval).toBeNull();
  });

  it('warns of runs that are measured on other samples', () => {
    const other = new Map(whole).set('a-seed2', outcome({ 'auc[ctr]': 0.83 }, 4, [7, 2]));
    expect(summarise(comparison([1, 2]), other).warnings).toEqual([
      'ctr: not all runs are measured on the same samples (by label: base-seed1 on 8 / 2, a-seed2 on 7 / 2)',
    ]);
  });
});

describe('the tables of a comparison', () => {
  it('say what is known, with a dash for what is not', () => {
    const text = comparisonText(summarise(comparison([1, 2]), whole));
    expect(text).toMatch(/^auc\[ctr\]\nrow +mean +deviation +difference to base +95 % interval +seeds\n/);
    expect(text).toMatch(/^base +0\.7500 +0\.0707 +- +- +2$/m);
    expect(text).toMatch(/^a +0\.7700 +0\.0849 +\+0\.0200 +-0\.1071 \.\. \+0\.1471 +2$/m);
    expect(text).toMatch(/^b +0\.4500 +0\.0707 +-0\.1000 +- +2$/m);
    expect(text).toMatch(/^both +90 +900 +3960 +4\.5 +9 +27 +2$/m);
    expect(text).toContain('Student t over the seeds');
  });

  it('are those of Markdown too', () => {
    const markdown = comparisonMarkdown(summarise(comparison([1, 2]), whole));
    expect(markdown).toContain('# paper\n\n## auc[ctr]\n\n| row | mean | deviation |');
    expect(markdown).toContain('\n| a | 0.7700 | 0.0849 | +0.0200 | -0.1071 .. +0.1471 | 2 |\n');
  });

  it('say that one seed gives no interval', () => {
    const first = new Map([...whole].filter(([name]) => name.endsWith('seed1')));
    const text = comparisonText(summarise(comparison([1]), first));
    expect(text).toContain('no intervals: they need two seeds, got one');
    expect(text).toMatch(/^a +0\.7100 +- +\+0\.0100 +- +1$/m);
  });
});
