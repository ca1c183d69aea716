/**
 * Useful floating-point operations of a request: those of the matrix products that no implementation can do without. A product of
 * [m, k] and [k, n] counts 2 m k n. Counted once, however often a side does them:
 *
 * - recurrence: h_{t-1} of each event into the four gates;
 * - items: e of each distinct item of a batch into the four gates (e of another event of the same item gives the same);
 * - attention: h_t of each event into its hidden layer, from there into the score, and the weighted sum of h_t;
 * - user: the fields into u, and u into the attention;
 * - candidate: e of each candidate into its vector;
 * - tower: rep into the first layer once for each request, the candidate into it and the layers above for each sample.
 *
 * Not counted: padding, lookups, activations, the properties (a batch has few distinct combinations), optimisers. The backward
 * pass has two products for each, the gradient of the weights and that of the inputs, so a step is three times the forward pass.
 */
import { SIZES } from './config.js';

const sum = (values) => values.reduce((total, value) => total + value, 0);

/** Forward, by part; `events` and `distinctItems` a request, means over batches. The tower is that of one task. */
export function forwardFlops({ events, distinctItems, samples }) {
  const { item, user, units, attentionUnits, userUnits, candidateUnits, layers } = SIZES;
  const e = sum(Object.values(item));
  const userFields = 3 * user;
  const [first, second] = layers;
  return {
    recurrence: events * 2 * units * 4 * units,
    items: distinctItems * 2 * e * 4 * units,
    attention: events * (2 * units * attentionUnits + 2 * attentionUnits + 2 * units),
    user: 2 * userFields * userUnits + 2 * userUnits * attentionUnits,
    candidate: samples * 2 * e * candidateUnits,
    tower:
      2 * (units + userUnits) * first +
      samples * (2 * candidateUnits * first + 2 * first * second + 2 * second),
  };
}

/** Of the encoding alone: neither candidates nor towers. */
export function encodingFlops(means) {
  const { recurrence, items, attention, user } = forwardFlops(means);
  return recurrence + items + attention + user;
}

export const trainingFlops = (means) => 3 * sum(Object.values(forwardFlops(means)));
