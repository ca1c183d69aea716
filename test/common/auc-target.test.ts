import { describe, expect, it } from 'vitest';
import { aucTarget } from '../../src/common/auc-target.js';

describe('aucTarget', () => {
  it('is 99 % of the gain over chance', () => {
    expect(aucTarget(0.7)).toBeCloseTo(0.698, 12);
    expect(aucTarget(1)).toBeCloseTo(0.995, 12);
  });

  it('is nothing where there is no gain', () => {
    expect(aucTarget(0.5)).toBeNull();
    expect(aucTarget(0.45)).toBeNull();
  });
});
