/**
 * Item embeddings by word2vec: the items of each user's stream before the evaluation period are a sentence. The table
 * that comes out is held fixed while the rest of the model learns (the paper's variant `w2v`).
 */
import { setImmediate as turn } from 'node:timers/promises';
import type { Context } from '../common/context.js';
import { createRandom } from '../common/random.js';
import type { Config } from '../config/schema.js';
import { openPrepared, type PreparedData } from '../dataset/prepared.js';
import { countEvents, findEvents } from '../dataset/user-streams.js';
import { SkipGram } from '../word2vec/skip-gram.js';

/** Of the first rate, what is left at the end. */
const LAST_SHARE = 1e-4;

/** Users between two looks at the clock and the messages of the process. */
const USERS_PER_TURN = 200;

/**
 * Vectors of the rows of the item id's table, [rows, size], scaled to the deviation that learned embeddings start with.
 * Rows that stand for no item, and items that never come before the evaluation period, are zero.
 */
export async function pretrainItems(
  preparedFolder: string,
  { model, features, train }: Config,
  { progress, logger }: Context,
): Promise<Float32Array> {
  const startMs = performance.now();
  const prepared = openPrepared(preparedFolder);
  try {
    const { epochs, learningRate, ...options } = model.word2vec;
    const item = prepared.items.find(({ field }) => field.name === 'item')!;
    const rowOf = item.values.load();
    const firstRow = 1 + item.field.buckets;
    const until = Date.parse(prepared.manifest.evaluationFrom) / 1000;
    const users = Int32Array.from({ length: prepared.manifest.users }, (_, user) => user);
    const sentenceOf = (user: number) => itemsBefore(prepared, user, until, rowOf, firstRow);

    const counts = new Float64Array(item.field.rows);
    let words = 0;
    for (const user of users) {
      for (const row of sentenceOf(user)) counts[row]!++;
    }
    for (const count of counts) words += count;
    if (words === 0) return new Float32Array(item.field.rows * features.item.item!.size);

    const skipGram = new SkipGram(counts, { ...options, size: features.item.item!.size, seed: train.seed });
    const bar = progress.start('word2vec', words * epochs);
    let done = 0;
    let pairs = 0;
    for (let epoch = 0; epoch < epochs; epoch++) {
      createRandom(train.seed, 'word2vec', 'order', epoch).shuffle(users);
      for (const [place, user] of users.entries()) {
        const rate = learningRate * Math.max(LAST_SHARE, 1 - done / (words * epochs));
        const sentence = sentenceOf(user);
        pairs += skipGram.learn(sentence, rate);
        done += sentence.length;
        if (place % USERS_PER_TURN > 0) continue;
        bar.update(done);
        await turn();
      }
    }
    bar.stop();
    const seconds = (performance.now() - startMs) / 1000;
    logger.info({ words, epochs, pairs, seconds: Number(seconds.toFixed(1)) }, 'item embeddings by word2vec');
    return scaled(skipGram.vectors, counts, model.embeddingDeviation);
  } finally {
    prepared.close();
  }
}

/** Rows of the items of a user's events before a moment in seconds; items out of the vocabulary are left out. */
function itemsBefore(
  { segments }: PreparedData,
  user: number,
  until: number,
  rowOf: Int32Array,
  firstRow: number,
): Int32Array {
  const rows: number[] = [];
  for (const { segment, start, end } of findEvents(segments, user, 0, countEvents(segments, user))) {
    const [items, times] = [segment.items.read(start, end), segment.times.read(start, end)];
    for (let i = 0; i < items.length && times[i]! < until; i++) {
      const row = rowOf[items[i]!]!;
      if (row >= firstRow) rows.push(row);
    }
  }
  return Int32Array.from(rows);
}

/** To the given root mean square over the rows of items that came. */
function scaled(vectors: Float32Array, counts: Float64Array, deviation: number): Float32Array {
  const squares = vectors.reduce((sum, value) => sum + value * value, 0);
  const numbers =
    counts.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0) * (vectors.length / counts.length);
  const factor = deviation / Math.sqrt(squares / numbers);
  return vectors.map((value) => value * factor);
}
