/** Embeddings learned from a corpus before training begins: skip-gram over its sentences, scaled to how learned ones start. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Context } from '../common/context.js';
import { createRandom } from '../common/random.js';
import type { Config } from '../config/schema.js';
import { SkipGram } from '../word2vec/skip-gram.js';

/** Of the first rate, what is left at the end. */
const LAST_SHARE = 1e-4;

/** Sentences between two looks at the clock and the messages of the process. */
const SENTENCES_PER_TURN = 200;

export interface Corpus {
  /** What its words are, for the log. */
  readonly name: string;
  /** Rows of the table that the vectors are for. */
  readonly rows: number;
  /** Units of a vector. */
  readonly size: number;
  readonly numSentences: number;
  /** Rows of the table that the words of a sentence are; rows that stand for no word are left out. */
  sentence(at: number): Int32Array;
}

/** [rows, size], of the given root mean square over the words that come; zero for rows that never come. */
export async function learnWordVectors(
  corpus: Corpus,
  { model, train }: Pick<Config, 'model' | 'train'>,
  { progress, logger }: Context,
): Promise<Float32Array> {
  const startMs = performance.now();
  const { name, rows, size, numSentences } = corpus;
  const { epochs, learningRate, ...options } = model.word2vec;
  const order = Int32Array.from({ length: numSentences }, (_, at) => at);
  const counts = new Float64Array(rows);
  for (const at of order) {
    for (const row of corpus.sentence(at)) counts[row]!++;
  }
  const words = counts.reduce((sum, count) => sum + count, 0);
  if (words === 0) return new Float32Array(rows * size);

  const skipGram = new SkipGram(counts, { ...options, size, seed: train.seed });
  const bar = progress.start(`word2vec of ${name}`, words * epochs);
  let done = 0;
  let pairs = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    createRandom(train.seed, 'word2vec', 'order', epoch).shuffle(order);
    for (const [place, at] of order.entries()) {
      const rate = learningRate * Math.max(LAST_SHARE, 1 - done / (words * epochs));
      const sentence = corpus.sentence(at);
      pairs += skipGram.learn(sentence, rate);
      done += sentence.length;
      if (place % SENTENCES_PER_TURN > 0) continue;
      bar.update(done);
      await turn();
    }
  }
  bar.stop();
  const seconds = Number(((performance.now() - startMs) / 1000).toFixed(1));
  logger.info({ words, epochs, pairs, seconds }, `word2vec of ${name}`);
  return scaled(skipGram.vectors, counts, model.embeddingDeviation);
}

/** To the given root mean square over the rows of words that came. */
function scaled(vectors: Float32Array, counts: Float64Array, deviation: number): Float32Array {
  const squares = vectors.reduce((sum, value) => sum + value * value, 0);
  const numbers =
    counts.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0) * (vectors.length / counts.length);
  const factor = deviation / Math.sqrt(squares / numbers);
  return vectors.map((value) => value * factor);
}
