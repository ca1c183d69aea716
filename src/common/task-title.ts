/** What the numbers of a task are over, as the title of their table. */

export interface TaskSamples {
  readonly samples: number;
  /** Samples of each label. */
  readonly labels: readonly number[];
  readonly requests: number;
  readonly users: number;
  /** Sum of the weights of the samples. */
  readonly weight?: number;
}

export function taskTitle(task: string, counts: TaskSamples): string {
  const { samples, labels, requests, users } = counts;
  const text = `${task}: ${samples} samples (by label ${labels.join(' / ')}), ${requests} requests, ${users} users`;
  return isWeighted(counts) ? `${text}; weighted, ${Number(counts.weight!.toPrecision(6))} in all` : text;
}

/** Whether the weights are not all 1. */
export function isWeighted({ samples, weight = samples }: Pick<TaskSamples, 'samples' | 'weight'>): boolean {
  return Math.abs(weight - samples) > 1e-6 * samples;
}
