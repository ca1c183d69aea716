import { describe, expect, it } from 'vitest';
import { signed, signedInterval } from '../../src/common/signed.js';

describe('signed', () => {
  it('has a sign where the digits show a direction', () => {
    expect([0.01234, -0.5, 0, 0.00004, -0.00004].map(signed)).toEqual([
      '+0.0123',
      '-0.5000',
      '0.0000',
      '0.0000',
      '0.0000',
    ]);
  });
});

describe('signedInterval', () => {
  it('goes from the low end to the high end', () => {
    expect(signedInterval({ low: -0.002, high: 0.01 })).toBe('-0.0020 .. +0.0100');
  });
});
