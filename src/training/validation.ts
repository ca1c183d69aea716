/** The held-out part of the training period: one number that decides which weights are the best so far. */
import { rm } from 'node:fs/promises';
import { UserError } from '../common/errors.js';
import { TaskArea } from '../evaluation/task-area.js';
import type { ScoredSamples } from '../model/score-batches.js';

export interface Validation {
  /** `auc[task]` (binary) or `macroAuc[task]` (several classes) of every task whose samples have two classes. */
  readonly metrics: Readonly<Record<string, number>>;
  /**
   * Their mean, weighted by how sure each is (the inverse of its standard error by chance), which is compared; null when no
   * task has two classes. A plain mean lets the noise of the smallest task choose the epoch.
   */
  readonly score: number | null;
}

/** `folder` is for temporary files, and gone afterwards. @throws UserError for scores that are no numbers */
export async function validate(scores: AsyncIterable<ScoredSamples>, folder: string): Promise<Validation> {
  const areas = new Map<string, TaskArea>();
  try {
    for await (const scored of scores) {
      if (!scored.logits.every(Number.isFinite)) throw notFinite(scored.task);
      let area = areas.get(scored.task);
      if (!area) {
        area = new TaskArea(scored.outputs, { folder, name: scored.task });
        areas.set(scored.task, area);
      }
      area.add(scored);
    }
    const metrics: Record<string, number> = {};
    const certain: { readonly value: number; readonly certainty: number }[] = [];
    for (const [task, measured] of areas) {
      const area = await measured.area();
      if (!area) continue;
      metrics[`${measured.name}[${task}]`] = area.value;
      certain.push({ value: area.value, certainty: 1 / area.errorByChance });
    }
    const all = certain.reduce((sum, { certainty }) => sum + certainty, 0);
    const score =
      all > 0 ? certain.reduce((sum, { value, certainty }) => sum + (certainty / all) * value, 0) : null;
    return { metrics, score };
  } finally {
    for (const area of areas.values()) area.close();
    await rm(folder, { recursive: true, force: true });
  }
}

const notFinite = (task: string) =>
  new UserError(
    `Cannot go on training: the scores of ${task} on the validation part are not finite numbers, so that the weights are of no use; ` +
      'a smaller train.learningRate or train.tableLearningRate, or train.clipNorm, may help (in a run from the start)',
  );
