/**
 * Skip-gram with negative sampling (Mikolov et al., NIPS 2013): the vector v of a word is moved so that it tells the words
 * near it, by stochastic gradient descent on
 *
 *     L = -log sigmoid(u_o . v_c) - sum_k log sigmoid(-u_k . v_c)
 *
 * for every centre c and every word o of its window, k drawn in proportion to count^0.75.
 */
import { createRandom, type Random } from '../common/random.js';
import { type AliasTable, aliasTable, drawFrom } from './alias-table.js';

export interface SkipGramOptions {
  /** Units of a vector. */
  readonly size: number;
  /** Words to each side at most; how many it is drawn anew for every centre, from 1 on. */
  readonly window: number;
  /** Negatives of each pair. */
  readonly negatives: number;
  /** Share of the words above which a word is thinned out (t); 0 for none. */
  readonly subsampling: number;
  readonly seed: number;
}

const POWER = 0.75;

/** Two vectors for each word, and nothing of the size of the corpus. */
export class SkipGram {
  /** v, row by row, [words, size]; zero for a word that never comes. */
  readonly vectors: Float32Array;
  /** u, [words, size]. */
  readonly contexts: Float32Array;
  readonly #random: Random;
  readonly #noise: AliasTable;
  /** Chance of each word to be kept. */
  readonly #kept: Float64Array;
  readonly #step: Float64Array;
  #sentence = new Int32Array(1024);

  /** `counts` is how often each word comes, [words]; 0 for a row that stands for no word. */
  constructor(
    counts: Float64Array,
    private readonly options: SkipGramOptions,
  ) {
    const { size, subsampling, seed } = options;
    this.#random = createRandom(seed, 'word2vec');
    this.vectors = new Float32Array(counts.length * size);
    for (const [word, count] of counts.entries()) {
      if (count === 0) continue;
      for (let i = word * size; i < (word + 1) * size; i++) {
        this.vectors[i] = (this.#random.uniform() - 0.5) / size;
      }
    }
    this.contexts = new Float32Array(counts.length * size);
    this.#noise = aliasTable(counts.map((count) => count ** POWER));
    const total = counts.reduce((sum, count) => sum + count, 0);
    this.#kept = counts.map((count) => {
      const ratio = (subsampling * total) / Math.max(1, count);
      return subsampling > 0 ? Math.sqrt(ratio) + ratio : 1;
    });
    this.#step = new Float64Array(size);
  }

  /** One pass over a sentence. Returns the number of pairs. */
  learn(words: Int32Array, learningRate: number): number {
    const { window } = this.options;
    const length = this.#thinOut(words);
    const sentence = this.#sentence;
    let pairs = 0;
    for (let at = 0; at < length; at++) {
      const reach = 1 + this.#random.integer(window);
      const end = Math.min(length, at + reach + 1);
      for (let other = Math.max(0, at - reach); other < end; other++) {
        if (other === at) continue;
        this.#pair(sentence[at]!, sentence[other]!, learningRate);
        pairs++;
      }
    }
    return pairs;
  }

  /** Puts the words that are kept into the sentence; frequent ones are dropped at random. */
  #thinOut(words: Int32Array): number {
    if (this.#sentence.length < words.length) this.#sentence = new Int32Array(2 * words.length);
    let length = 0;
    for (let i = 0; i < words.length; i++) {
      const kept = this.#kept[words[i]!]!;
      if (kept < 1 && this.#random.uniform() >= kept) continue;
      this.#sentence[length++] = words[i]!;
    }
    return length;
  }

  /** One step down the gradient for a centre, a word of its window and negatives; a negative that is the word is left out. */
  #pair(centre: number, word: number, learningRate: number): void {
    const { size, negatives } = this.options;
    const step = this.#step.fill(0);
    this.#towards(centre, word, 1, learningRate);
    for (let k = 0; k < negatives; k++) {
      const negative = drawFrom(this.#noise, this.#random.uniform());
      if (negative !== word) this.#towards(centre, negative, 0, learningRate);
    }
    const v = centre * size;
    for (let i = 0; i < size; i++) this.vectors[v + i]! += step[i]!;
  }

  /** Moves u towards v or away from it, and adds what v is to be moved by to the step. */
  #towards(centre: number, word: number, label: 0 | 1, learningRate: number): void {
    const { size } = this.options;
    const { vectors, contexts } = this;
    const step = this.#step;
    const [v, u] = [centre * size, word * size];
    let dot = 0;
    for (let i = 0; i < size; i++) dot += vectors[v + i]! * contexts[u + i]!;
    const g = learningRate * (label - 1 / (1 + Math.exp(-dot)));
    for (let i = 0; i < size; i++) {
      const context = contexts[u + i]!;
      step[i]! += g * context;
      contexts[u + i] = context + g * vectors[v + i]!;
    }
  }
}
