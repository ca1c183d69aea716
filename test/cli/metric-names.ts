/** What `dupn eval` measures of a task, in its order. */

const BINARY = [
  ...['auc', 'gauc', 'gaucByUser', 'ndcg@10', 'mrr', 'logLoss', 'normalisedEntropy'],
  ...['predictedOverObserved', 'ece', 'eceByChance'],
];

const CLASSES = ['accuracy', 'logLoss', 'macroAuc', 'normalisedEntropy', 'ece', 'eceByChance'];

const keysOf = (names: readonly string[], tasks: readonly string[]) =>
  tasks.flatMap((task) => names.map((name) => `${name}[${task}]`));

/** Of binary tasks and of those that rank. */
export const binaryMetrics = (...tasks: readonly string[]): string[] => keysOf(BINARY, tasks);

export const classMetrics = (...tasks: readonly string[]): string[] => keysOf(CLASSES, tasks);
