/**
 * Item embeddings by word2vec: the items of each user's stream before the evaluation period are a sentence. The table
 * that comes out is held fixed while the rest of the model learns (the paper's variant `w2v`).
 */
import type { Context } from '../common/context.js';
import type { Config } from '../config/schema.js';
import type { PreparedData } from '../dataset/prepared.js';
import { countEvents, findEvents } from '../dataset/user-streams.js';
import { learnWordVectors } from './word-vectors.js';

/** Vectors of the rows of the item id's table, [rows, size]; zero for items that never come before the evaluation period. */
export function pretrainItems(
  prepared: PreparedData,
  config: Config,
  context: Context,
): Promise<Float32Array> {
  const { field, values } = prepared.items.find(({ field }) => field.name === 'item')!;
  const rowOf = values.load();
  const firstRow = 1 + field.buckets;
  const until = Date.parse(prepared.manifest.evaluationFrom) / 1000;
  const corpus = {
    name: 'items',
    rows: field.rows,
    size: config.features.item.item!.size,
    numSentences: prepared.manifest.users,
    sentence: (user: number) => itemsBefore(prepared, user, until, rowOf, firstRow),
  };
  return learnWordVectors(corpus, config, context);
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
