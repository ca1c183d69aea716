/** What has to be added to logits to undo what training did to the samples (King and Zeng 2001, prior correction). */
import type { TaskConfig } from '../config/schema.js';

/** Weighting a class multiplies its odds: -log w of each class, or -log(w_1 / w_0) of the one logit of a yes or no. */
export function weightCorrection(task: TaskConfig): number[] {
  const { classWeights } = task;
  if (task.kind === 'multiclass') {
    return Array.from({ length: task.classes }, (_, label) => 0 - Math.log(classWeights?.[label] ?? 1));
  }
  return [classWeights ? 0 - Math.log(classWeights[1]! / classWeights[0]!) : 0];
}

/**
 * Drawing a share of the negatives divides the odds by it: the logarithm of `negativeRate`, the share. Null where the
 * share is another for each candidate.
 */
export function drawCorrection({ labels }: TaskConfig, negativeRate: number | undefined): number | null {
  const drawn = labels && 'negatives' in labels ? labels.negatives : undefined;
  if (!drawn || negativeRate === undefined) return 0;
  const isEven = drawn.by === 'uniform' && drawn.within === undefined;
  return isEven && negativeRate > 0 ? Math.log(negativeRate) : null;
}
