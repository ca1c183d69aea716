import { describe, expect, it } from 'vitest';
import { badness, verdictOf } from '../../src/common/metric-direction.js';

const paired = (value: number, other: number, half: number) => ({
  ...{ value, other },
  interval: { low: value - other - half, high: value - other + half },
});

describe('badness', () => {
  it('is less of what is better', () => {
    for (const name of ['auc', 'gauc', 'gaucByUser', 'macroAuc', 'accuracy', 'ndcg@10', 'mrr']) {
      expect(badness(name, 0.7)).toBeLessThan(badness(name, 0.6)!);
    }
    for (const name of ['logLoss', 'normalisedEntropy', 'ece']) {
      expect(badness(name, 0.6)).toBeLessThan(badness(name, 0.7)!);
    }
    expect(badness('predictedOverObserved', 0.9)).toBeLessThan(badness('predictedOverObserved', 1.2)!);
    expect(badness('eceByChance', 0.1)).toBeNull();
  });
});

describe('verdictOf', () => {
  it('is that of the interval, in the direction of the metric', () => {
    expect(verdictOf('auc', paired(0.7, 0.6, 0.05))).toBe('better');
    expect(verdictOf('auc', paired(0.6, 0.7, 0.05))).toBe('worse');
    expect(verdictOf('logLoss', paired(0.7, 0.6, 0.05))).toBe('worse');
    expect(verdictOf('ece', paired(0.6, 0.7, 0.05))).toBe('better');
    expect(verdictOf('auc', paired(0.7, 0.6, 0.15))).toBe('not told apart');
    expect(verdictOf('auc', paired(0.5, 0.5, 0))).toBe('not told apart');
  });

  it('is none without an interval, and of what is neither good nor bad', () => {
    expect(verdictOf('auc', { value: 1, other: 0, interval: null })).toBeNull();
    expect(verdictOf('eceByChance', paired(0.7, 0.6, 0.05))).toBeNull();
  });

  it('sets ratios against 1, and does not decide between its two sides', () => {
    const name = 'predictedOverObserved';
    expect(verdictOf(name, paired(1.1, 1.3, 0.1))).toBe('better');
    expect(verdictOf(name, paired(0.7, 0.9, 0.1))).toBe('worse');
    expect(verdictOf(name, paired(0.9, 1.3, 0.1))).toBe('other side of 1');
    expect(verdictOf(name, paired(0.9, 1.3, 0.5))).toBe('not told apart');
  });
});
