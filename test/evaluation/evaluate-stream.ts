import { type Evaluated, type EvaluateOptions, Evaluator } from '../../src/evaluation/evaluate.js';
import type { ScoredSamples } from '../../src/model/score-batches.js';

/** All samples of a stream. */
export async function evaluate(
  stream: AsyncIterable<ScoredSamples> | Iterable<ScoredSamples>,
  options: EvaluateOptions,
): Promise<Evaluated> {
  const evaluator = new Evaluator(options);
  try {
    for await (const scored of stream) evaluator.add(scored);
    return await evaluator.finish();
  } finally {
    evaluator.close();
  }
}
