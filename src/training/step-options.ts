/** What a training step is told by the config. */
import { activeTasks } from '../common/active-tasks.js';
import { mapValues } from '../common/map-values.js';
import type { Config } from '../config/schema.js';
import type { StepOptions } from './steps.js';

export function stepOptions(config: Config): StepOptions {
  const { train } = config;
  type Task = Config['tasks'][string];
  const each = (value: (task: Task) => number) => mapValues(activeTasks(config), value);
  /** Of the tasks that have it. */
  const some = <T>(value: (task: Task) => T | undefined): Record<string, T> =>
    Object.fromEntries(
      Object.entries(activeTasks(config)).flatMap(([name, task]) => {
        const own = value(task);
        return own === undefined ? [] : [[name, own]];
      }),
    );
  return {
    taskWeights: each((task) => task.weight),
    byRequests: train.taskWeighting === 'requests',
    dropoutRates: each((task) => task.tower.dropout),
    l2: train.l2,
    towerL2: some((task) => task.tower.l2),
    classWeights: some((task) => task.classWeights),
    seed: train.seed,
  };
}
