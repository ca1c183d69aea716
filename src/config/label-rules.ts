/** The rules of where a task's samples and labels come from. */
import type { Path } from './origin.js';
import { problem, type RuleProblem } from './rule-problem.js';
import type { Config, ConfigInput, TaskConfig } from './schema.js';

export function labelRules(config: Config, input: ConfigInput): RuleProblem[] {
  return Object.entries(config.tasks).flatMap(([name, task]) => {
    const path: Path = ['tasks', name];
    const classes = task.kind === 'multiclass' ? task.classes : 2;
    const weights = task.classWeights ? task.classWeights.length : classes;
    const problems =
      weights === classes
        ? []
        : [
            problem(
              [...path, 'classWeights'],
              `expected ${classes} numbers, one for each label, got ${weights}`,
            ),
          ];
    const hasTable = input.tasks[name]?.samples !== undefined;
    if (!task.labels) {
      const missing = problem(path, 'expected samples (a table), labels (from the log), or both');
      return hasTable ? problems : [...problems, missing];
    }
    if (input.tasks[name]?.samples?.label !== undefined) {
      problems.push(
        problem([...path, 'samples', 'label'], 'expected none: the labels come from the log', [
          [...path, 'labels'],
        ]),
      );
    }
    return [
      ...problems,
      ...placementRules(task, [...path, 'labels'], hasTable),
      ...fieldRules(config, task, [...path, 'labels']),
    ];
  });
}

function placementRules(task: TaskConfig, path: Path, hasTable: boolean): RuleProblem[] {
  const { requests, within } = task.labels!;
  const problems: RuleProblem[] = [];
  const table: Path = [...path.slice(0, -1), 'samples'];
  if (hasTable && requests !== undefined) {
    problems.push(problem([...path, 'requests'], 'expected none: samples names the requests', [table]));
  }
  if (!hasTable && requests === undefined) {
    problems.push(
      problem(
        path,
        'expected requests (sessionStart, dayStart or positive), as there is no table of samples',
      ),
    );
  }
  if (within === undefined && requests !== 'positive') {
    problems.push(problem(path, 'expected within, how long after a request the label is decided (1d)'));
  }
  if (task.kind === 'multiclass') return problems;
  const { negatives } = task.labels!;
  if (hasTable && negatives) {
    problems.push(
      problem(
        [...path, 'negatives'],
        'expected none: rows of samples without such an event are the negatives',
        [table],
      ),
    );
  }
  if (!hasTable && !negatives) {
    problems.push(problem(path, 'expected negatives, how they are drawn, as there is no table of samples'));
  }
  return problems;
}

function fieldRules({ data, features }: Config, task: TaskConfig, path: Path): RuleProblem[] {
  const problems: RuleProblem[] = [];
  const kin = (key: Path, name: string | undefined) => {
    if (name === undefined) return;
    const field = features.item[name];
    if (field && field.separator === undefined && name !== 'item') return;
    const known = Object.entries(features.item).flatMap(([other, { separator }]) =>
      separator === undefined && other !== 'item' ? [other] : [],
    );
    problems.push(
      problem(
        key,
        `expected an item field of one value (${known.join(', ') || 'there is none'}), got ${name}`,
        [['features', 'item']],
      ),
    );
  };
  if (task.kind === 'multiclass') {
    const { level } = task.labels!;
    kin([...path, 'level', 'within'], level.within);
    if (level.from === 'items' && !data.items) {
      problems.push(
        problem([...path, 'level', 'from'], 'expected log, as there is no data.items, got items'),
      );
    }
    return problems;
  }
  const { negatives } = task.labels!;
  const within: Path = [...path, 'negatives', 'within'];
  if (task.candidate === 'item') kin(within, negatives?.within);
  else if (negatives?.within !== undefined) {
    problems.push(problem(within, `expected none: a ${task.candidate} has no item fields`));
  }
  if (task.candidate !== 'item' && features.item[task.candidate]?.separator !== undefined) {
    problems.push(
      problem(path, `expected samples: an event has several values of ${task.candidate}`, [
        ['features', 'item', task.candidate, 'separator'],
      ]),
    );
  }
  return problems;
}
