/** Query words by word2vec: each query before the evaluation period is a sentence. The table goes on learning from there. */
import type { Context } from '../common/context.js';
import type { Config } from '../config/schema.js';
import { type PreparedData, splitRange } from '../dataset/prepared.js';
import { learnWordVectors } from './word-vectors.js';

/** Vectors of the rows of the words' table, [rows, size]; zero for rows that stand for no word. */
export function pretrainWords(
  { manifest, requests }: PreparedData,
  config: Config,
  context: Context,
): Promise<Float32Array> {
  const { values, offsets } = requests.query!;
  const { rows, buckets } = manifest.fields.query!;
  const [, end] = splitRange(manifest, 'validation');
  const corpus = {
    name: 'query words',
    rows,
    size: config.features.query!.size,
    numSentences: end,
    sentence: (request: number) => {
      const [from, to] = offsets.read(request, request + 2);
      return values.read(from!, to!).filter((word) => word > buckets);
    },
  };
  return learnWordVectors(corpus, config, context);
}
