import { describe, expect, it } from 'vitest';
import { summariseTransfer } from '../../src/experiments/summarise-transfer.js';
import { plan, point, run, runs } from './transfer-example.js';

describe('summariseTransfer', () => {
  const result = summariseTransfer(plan, runs);
  const { 'fine-tune': fineTune, 'retrain-all': all } = result.strategies;

  it('keeps the plan, and the strategies with runs in their order', () => {
    expect(result).toMatchObject(plan);
    expect(Object.keys(result.strategies)).toEqual(['retrain-all', 'fine-tune']);
    expect(summariseTransfer(plan, []).strategies).toEqual({});
  });

  it('takes mean and deviation of the final values over the seeds', () => {
    expect(all!.final).toBeCloseTo(0.7, 12);
    // Two values a and b: |a - b| / sqrt(2).
    expect(all!.deviation).toBeCloseTo(0.04 / Math.SQRT2, 12);
    expect(fineTune!.fractions[0]).toMatchObject({ fraction: 0.1, final: 0.6, deviation: null });
  });

  it('has the largest fraction on top, and all in rising order', () => {
    for (const strategy of [all!, fineTune!]) {
      const { fractions, ...top } = strategy;
      expect(fractions.map(({ fraction }) => fraction)).toEqual([0.1, 1]);
      expect(fractions[1]).toEqual(top);
    }
  });

  it('averages the measurements that every seed has', () => {
    const curve = fineTune!.curve;
    expect(curve.map(({ step, samples, seconds }) => [step, samples, seconds])).toEqual([
      [0, 0, 0],
      [50, 500, 5],
      [100, 1000, 10],
    ]);
    [0.51, 0.7, 0.7].forEach((auc, at) => {
      expect(curve[at]!.auc).toBeCloseTo(auc, 12);
    });
  });

  it('averages steps, samples and seconds where seeds differ in them', () => {
    const other = { step: 54, samples: 510, seconds: 7, auc: 0.625 };
    const two = summariseTransfer(plan, [
      run('representation', 1, 1, 0.6, [point(50, 0.5), point(100, 0.6)]),
      run('representation', 1, 2, 0.6, [other]),
    ]);
    expect(two.strategies.representation!.curve).toEqual([
      { step: 52, samples: 505, seconds: 6, auc: 0.5625 },
    ]);
    const [first, second] = all!.fractions[0]!.curve;
    expect(first).toEqual({ step: 0, samples: 0, seconds: 0, auc: 0.5 });
    expect(second).toMatchObject({ step: 25, samples: 250, seconds: 10 });
    expect(second!.auc).toBeCloseTo(0.62, 12);
  });

  it('finds the first point with 99 % of the gain of retrain-all at the same fraction', () => {
    // Of retrain-all the second seed alone: the first ends at .68 and .61.
    expect(all!.reached).toEqual({ step: 200, samples: 2000, seconds: 80, seeds: 1 });
    expect(fineTune!.reached).toEqual({ step: 50, samples: 500, seconds: 5, seeds: 2 });
    expect(all!.fractions[0]!.reached).toEqual({ step: 30, samples: 300, seconds: 12, seeds: 1 });
    // .6 < .6188
    expect(fineTune!.fractions[0]!.reached).toBeNull();
  });

  it('takes the mean of where each seed is at it first, past the end of the mean curve too', () => {
    const late = [point(0, 0.5), point(60, 0.6), point(110, 0.7), point(160, 0.69), point(210, 0.72)];
    const { strategies } = summariseTransfer(plan, [
      ...runs,
      run('representation', 1, 1, 0.7, [point(0, 0.5), point(50, 0.7)]),
      run('representation', 1, 2, 0.7, late),
    ]);
    // The mean curve ends at (.7 + .6) / 2 = .65.
    expect(strategies.representation!.curve).toHaveLength(2);
    expect(strategies.representation!.reached).toEqual({ step: 80, samples: 800, seconds: 8, seeds: 2 });
  });

  it('reaches nothing without retrain-all, or where that is no better than chance', () => {
    const curve = [point(0, 0.5), point(10, 0.9)];
    const alone = summariseTransfer(plan, [run('fine-tune', 1, 1, 0.9, curve)]);
    expect(alone.strategies['fine-tune']!.reached).toBeNull();
    const chance = summariseTransfer(plan, [
      run('fine-tune', 1, 1, 0.9, curve),
      run('retrain-all', 1, 1, 0.49, curve),
    ]);
    expect(chance.strategies['fine-tune']!.reached).toBeNull();
  });

  it('lists the runs in the order of the seeds, and none that the plan lacks', () => {
    const foreign = [run('fine-tune', 0.5, 1, 0.9, [point(0, 0.9)]), run('fine-tune', 1, 3, 0.9, [])];
    const backwards = summariseTransfer(plan, [...foreign, ...[...runs].reverse()]);
    expect(backwards).toEqual(result);
    expect(fineTune!.runs).toEqual([runs[4]!.result, runs[5]!.result]);
  });
});
