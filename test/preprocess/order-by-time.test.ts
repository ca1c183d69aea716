import { expect, it } from 'vitest';
import { createRandom } from '../../src/common/random.js';
import { orderByTime } from '../../src/preprocess/order-by-time.js';

it('is a sort by time and input of the places between two bounds, whatever their number', () => {
  const random = createRandom(5);
  for (const size of [0, 1, 2, 7, 8, 9, 16, 17, 63, 64, 65, 300]) {
    for (const moments of [1, 4, 1000]) {
      const numbers = (below: number) => Array.from({ length: size }, () => random.integer(below));
      const times = Float64Array.from(numbers(moments));
      const inputs = Uint32Array.from(numbers(2 ** 31));
      const order = Int32Array.from({ length: size + 2 }, (_, at) => at - 1);
      orderByTime(order, new Int32Array(size + 2), 1, size + 1, { times, inputs });
      const expected = Array.from({ length: size }, (_, at) => at).sort(
        (a, b) => times[a]! - times[b]! || inputs[a]! - inputs[b]!,
      );
      expect([...order]).toEqual([-1, ...expected, size]);
    }
  }
});
