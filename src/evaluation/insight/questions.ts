/** What the history of a request is asked with where only one question is looked at. */
import type { Batch } from '../../dataset/batch.js';
import type { Question } from '../../model/inspect.js';
import type { ModelShape } from '../../model/shape.js';

/**
 * One question for each request of the batch, though its tasks may ask differently: the words of its query, where a task
 * with samples asks with them; else the first positive candidate of the tasks that ask with one, or their first; else
 * nothing.
 */
export function questionsOf({ tasks }: Pick<ModelShape, 'tasks'>, batch: Batch): Question[] {
  const questions: Question[] = Array.from(batch.lengths, () => ({ kind: 'none' }));
  const isPositive = new Uint8Array(questions.length);
  for (const [name, { query }] of Object.entries(tasks)) {
    const samples = batch.tasks[name];
    if (!samples || query === 'none') continue;
    for (const [sample, request] of samples.request.entries()) {
      const asked = questions[request]!.kind;
      if (query === 'text') questions[request] = { kind: 'text' };
      else if (
        asked === 'none' ||
        (asked === 'candidate' && !isPositive[request] && samples.label[sample]! > 0)
      ) {
        questions[request] = { kind: 'candidate', slot: samples.candidate[sample]! };
        if (samples.label[sample]! > 0) isPositive[request] = 1;
      }
    }
  }
  return questions;
}
