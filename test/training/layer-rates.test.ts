import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/common/errors.js';
import { type LayerRules, layerRates } from '../../src/training/layer-rates.js';

const names = ['lstm/item', 'lstm/items', 'lstm/bias', 'lstmx/bias', 'item/item', 'tasks/new/0/kernel'];
const copied = new Set(names.slice(0, 5));
const rates = (rules: Partial<LayerRules>, batches = 10) =>
  layerRates({ factor: 1, freeze: {}, ...rules }, { names, copied, batches });

/** The factors of the weights, in their order. */
const at = (rules: Partial<LayerRules>, step: number) => {
  const rateOf = rates(rules);
  return names.map((name) => rateOf(name, step));
};

describe('layerRates', () => {
  it('slows what was carried over, and nothing else', () => {
    expect(at({}, 1)).toEqual([1, 1, 1, 1, 1, 1]);
    expect(at({ factor: 0.1 }, 1)).toEqual([0.1, 0.1, 0.1, 0.1, 0.1, 1]);
    expect(at({ factor: 0 }, 1e9)).toEqual([0, 0, 0, 0, 0, 1]);
  });

  it('freezes a weight, or all below a name, and none whose name only begins alike', () => {
    expect(at({ freeze: { lstm: 'always' } }, 1e9)).toEqual([0, 0, 0, 1, 1, 1]);
    expect(at({ freeze: { 'lstm/item': 'always' } }, 1)).toEqual([0, 1, 1, 1, 1, 1]);
    expect(at({ freeze: { tasks: 'always' } }, 1)).toEqual([1, 1, 1, 1, 1, 0]);
  });

  it('lets a layer learn from the step after its epochs on, with the factor of what was carried over', () => {
    const rateOf = rates({ factor: 0.5, freeze: { lstm: 2, 'lstm/bias': 0.25, item: 0 } });
    const first = (name: string) =>
      Array.from({ length: 30 }, (_, i) => i + 1).find((s) => rateOf(name, s) > 0);
    expect(first('lstm/item')).toBe(21);
    expect(rateOf('lstm/item', 21)).toBe(0.5);
    // The longer of two that name it.
    expect(first('lstm/bias')).toBe(21);
    expect(first('item/item')).toBe(1);
    const quarter = rates({ freeze: { lstm: 0.25 } });
    expect([3, 4].map((step) => quarter('lstm/bias', step))).toEqual([0, 1]);
  });

  it('refuses a layer that is none, and says which there are', () => {
    expect(() => rates({ freeze: { lst: 1 } })).toThrow(
      new UserError(
        'Cannot freeze `lst`: expected a weight or what the names of several begin with (lstm, lstmx, item, tasks), got neither',
      ),
    );
  });
});
