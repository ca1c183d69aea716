import { expect, test } from 'vitest';
import { createRandom } from '../../src/common/random.js';
import { SkipGram, type SkipGramOptions } from '../../src/word2vec/skip-gram.js';

const options: SkipGramOptions = { size: 4, window: 1, negatives: 0, subsampling: 0, seed: 1 };

const dot = (a: ArrayLike<number>, i: number, b: ArrayLike<number>, j: number, size: number) => {
  let sum = 0;
  for (let k = 0; k < size; k++) sum += a[i * size + k]! * b[j * size + k]!;
  return sum;
};

test('a pair moves both vectors down the gradient, by finite differences', () => {
  const { size } = options;
  const random = createRandom('pair');
  const start = { vectors: new Float64Array(3 * size), contexts: new Float64Array(3 * size) };
  for (const values of Object.values(start)) for (const i of values.keys()) values[i] = random.normal();
  const rate = 1e-3;
  const skipGram = new SkipGram(Float64Array.of(2, 1, 0), options);
  skipGram.vectors.set(start.vectors);
  skipGram.contexts.set(start.contexts);
  // Centre 0 tells 1, then centre 1 tells 0: so near to 0 that the first step doesn't change the second.
  expect(skipGram.learn(Int32Array.of(0, 1), rate)).toBe(2);
  const loss = ({ vectors, contexts }: typeof start) =>
    [
      [0, 1],
      [1, 0],
    ].reduce((sum, [c, o]) => sum + Math.log(1 + Math.exp(-dot(vectors, c!, contexts, o!, size))), 0);
  for (const which of ['vectors', 'contexts'] as const) {
    start[which].forEach((value, i) => {
      const moved = (delta: number) => {
        const values = start[which].slice();
        values[i] = value + delta;
        return loss({ ...start, [which]: values });
      };
      const slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
      expect((skipGram[which][i]! - value) / -rate, `${which} ${i}`).toBeCloseTo(slope, 2);
    });
  }
});

test('products of vectors become the logarithms that the loss is least at', () => {
  // Sentences of two words from a known joint distribution.
  const words = 4;
  const size = 8;
  const negatives = 3;
  const random = createRandom('joint');
  const joint = [
    [0, 1, 60],
    [0, 2, 25],
    [1, 2, 40],
    [1, 3, 15],
    [2, 3, 50],
    [0, 3, 30],
  ] as const;
  const sentences = joint.flatMap(([a, b, n]) => Array.from({ length: n }, () => Int32Array.of(a, b)));
  const pairs = Array.from({ length: words }, () => new Float64Array(words));
  for (const [a, b, n] of joint) {
    pairs[a]![b]! += n;
    pairs[b]![a]! += n;
  }
  const counts = Float64Array.from(pairs, (row) => row.reduce((x, y) => x + y, 0));
  const skipGram = new SkipGram(counts, { ...options, size, negatives });
  const order = Int32Array.from(sentences.keys());
  const epochs = 1500;
  for (let epoch = 0; epoch < epochs; epoch++) {
    random.shuffle(order);
    for (const at of order) skipGram.learn(sentences[at]!, 0.1 * (1 - epoch / epochs) + 1e-4);
  }
  const noise = counts.map((count) => count ** 0.75);
  const total = noise.reduce((a, b) => a + b, 0);
  for (let c = 0; c < words; c++) {
    for (let o = 0; o < words; o++) {
      const positives = pairs[c]![o]!;
      if (positives === 0) continue;
      // A word that is to be told is no negative of the same pair.
      const drawn = negatives * (noise[o]! / total) * (counts[c]! - positives);
      expect(dot(skipGram.vectors, c, skipGram.contexts, o, size), `${c} ${o}`).toBeCloseTo(
        Math.log(positives / drawn),
        0.6,
      );
    }
  }
});

test('items of one community are nearer to each other than to those of another', () => {
  const random = createRandom('communities');
  const [perCommunity, size] = [20, 16];
  const sentences = Array.from({ length: 400 }, (_, s) =>
    Int32Array.from({ length: 12 }, () => (s % 2) * perCommunity + random.integer(perCommunity)),
  );
  const counts = new Float64Array(2 * perCommunity + 1);
  for (const word of sentences.flatMap((s) => [...s])) counts[word]!++;
  const train = (seed: number) => {
    const skipGram = new SkipGram(counts, { size, window: 5, negatives: 5, subsampling: 1e-2, seed });
    for (let epoch = 0; epoch < 10; epoch++) for (const sentence of sentences) skipGram.learn(sentence, 0.05);
    return skipGram.vectors;
  };
  const vectors = train(1);
  const norm = (i: number) => Math.sqrt(dot(vectors, i, vectors, i, size));
  for (let i = 0; i < 2 * perCommunity; i++) {
    const cosines = Array.from({ length: 2 * perCommunity }, (_, j) =>
      i === j ? -1 : dot(vectors, i, vectors, j, size) / (norm(i) * norm(j)),
    );
    const nearest = cosines.indexOf(Math.max(...cosines));
    expect(Math.floor(nearest / perCommunity)).toBe(Math.floor(i / perCommunity));
  }
  // Never met: no vector. The same seed gives the same numbers.
  expect(norm(2 * perCommunity)).toBe(0);
  expect([...train(1)]).toEqual([...vectors]);
  expect([...train(2)]).not.toEqual([...vectors]);
});
