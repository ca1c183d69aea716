import { expect, test } from 'vitest';

const { encodingFlops, forwardFlops, trainingFlops } = await import(
  new URL('../../bench/flops.js', import.meta.url).href
);

// e = 124, fields of a user 48, h = u = candidate = 128, attention 64, tower 128-64: 2 m k n of each product by hand.
const ONE = {
  recurrence: 2 * 128 * 512,
  items: 2 * 124 * 512,
  attention: 2 * 128 * 64 + 2 * 64 + 2 * 128,
  user: 2 * 48 * 128 + 2 * 128 * 64,
  candidate: 2 * 124 * 128,
  tower: 2 * 256 * 128 + 2 * 128 * 128 + 2 * 128 * 64 + 2 * 64,
};

test('a request with one event, one item and one sample', () => {
  expect(forwardFlops({ events: 1, distinctItems: 1, samples: 1 })).toEqual(ONE);
});

test('events, distinct items and samples count where they take part', () => {
  const flops = forwardFlops({ events: 60, distinctItems: 20, samples: 5 });
  expect(flops).toEqual({
    recurrence: 60 * ONE.recurrence,
    items: 20 * ONE.items,
    attention: 60 * ONE.attention,
    user: ONE.user,
    candidate: 5 * ONE.candidate,
    tower: 2 * 256 * 128 + 5 * (ONE.tower - 2 * 256 * 128),
  });
});

test('encoding has no towers, and a training step is three times the forward pass', () => {
  const means = { events: 1, distinctItems: 1, samples: 1 };
  const { recurrence, items, attention, user, candidate, tower } = ONE;
  expect(encodingFlops(means)).toBe(recurrence + items + attention + user);
  expect(trainingFlops(means)).toBe(3 * (recurrence + items + attention + user + candidate + tower));
});
