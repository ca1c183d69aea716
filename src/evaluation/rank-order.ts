/** The order of samples by score, fast for tens of millions of them. */

/**
 * Indexes of the scores from the lowest to the highest; equal scores keep their order. Each score becomes an unsigned
 * key of the same order in the high half of a 64-bit word, its index the low half, and the words are sorted natively.
 */
export function rankOrder(scores: Float32Array): Uint32Array {
  const { length } = scores;
  const words = new BigUint64Array(length);
  const halves = new Uint32Array(words.buffer);
  const single = new Float32Array(1);
  const bits = new Uint32Array(single.buffer);
  for (let i = 0; i < length; i++) {
    const score = scores[i]!;
    if (Number.isNaN(score)) throw new Error(`score ${i} is not a number`);
    // + 0 makes one zero of two: -0 and 0 are a tie.
    single[0] = score + 0;
    const word = bits[0]!;
    halves[2 * i] = i;
    halves[2 * i + 1] = word & 0x80000000 ? ~word : word | 0x80000000;
  }
  words.sort();
  const order = new Uint32Array(length);
  for (let i = 0; i < length; i++) order[i] = halves[2 * i]!;
  return order;
}
