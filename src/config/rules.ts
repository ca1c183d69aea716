/** What no single key can say: the rules between keys, checked once all defaults are filled in. */

import { columnRules } from './column-rules.js';
import { toEpochSeconds } from './dates.js';
import { entityRules } from './entity-rules.js';
import { labelRules } from './label-rules.js';
import { numberRules } from './number-rules.js';
import type { Path } from './origin.js';
import { problem, type RuleProblem } from './rule-problem.js';
import type { Config, ConfigInput } from './schema.js';
import { sparkRules } from './spark-rules.js';

/** `input` is the file as written, which alone tells a default from a value. */
export function checkRules(config: Config, input: ConfigInput): RuleProblem[] {
  return [
    ...splitRules(config),
    ...fieldRules(config, input),
    ...columnRules(config),
    ...entityRules(config),
    ...numberRules(config),
    ...keptRules(config),
    ...labelRules(config, input),
    ...queryRules(config),
    ...featureRules(config),
    ...trainedRules(config),
    ...nameRules(config),
    ...distributedRules(config),
    ...sparkRules(config),
  ];
}

function distributedRules({ distributed, train }: Config): RuleProblem[] {
  const { tables, steps } = distributed;
  if (steps === 'synchronous') return [];
  if (tables !== 'servers') {
    return [
      problem(['distributed', 'steps'], `asynchronous steps expect tables: servers, got ${tables}`, [
        ['distributed', 'steps'],
        ['distributed', 'tables'],
      ]),
    ];
  }
  const problemOf = (key: 'taskWeighting' | 'averageDecay', message: string) =>
    problem(['train', key], message, [
      ['train', key],
      ['distributed', 'steps'],
    ]);
  const problems: RuleProblem[] = [];
  if (train.taskWeighting === 'requests') {
    const message =
      'asynchronous steps have one learning rate for all towers: expected fixed or uncertainty, got requests';
    problems.push(problemOf('taskWeighting', message));
  }
  if (train.averageDecay !== undefined) {
    const message = `asynchronous steps leave the dense weights to the servers, which do not average them: expected none, got ${train.averageDecay}`;
    problems.push(problemOf('averageDecay', message));
  }
  return problems;
}

function splitRules({ data, split, tasks }: Config): RuleProblem[] {
  const { evaluationFrom, evaluationTo, evaluationLastDays, validationUsers, validationLastDays } = split;
  const problems: RuleProblem[] = [];
  if ((evaluationFrom === undefined) === (evaluationLastDays === undefined)) {
    const got = evaluationFrom === undefined ? 'neither' : 'both';
    problems.push(
      problem(['split'], `expected one of evaluationFrom and evaluationLastDays, got ${got}`, [
        ['split', 'evaluationFrom'],
        ['split', 'evaluationLastDays'],
      ]),
    );
  }
  if (evaluationTo !== undefined && evaluationLastDays !== undefined) {
    problems.push(
      problem(
        ['split', 'evaluationTo'],
        'expected no end beside evaluationLastDays, whose period ends with the requests',
        [['split', 'evaluationLastDays']],
      ),
    );
  }
  if (validationUsers !== undefined && validationLastDays !== undefined) {
    problems.push(
      problem(
        ['split', 'validationUsers'],
        'expected one of validationUsers and validationLastDays, got both',
        [['split', 'validationLastDays']],
      ),
    );
  }
  const inOrder = (earlier: [Path, string | undefined], later: [Path, string | undefined]) => {
    if (earlier[1] === undefined || later[1] === undefined) return;
    if (toEpochSeconds(earlier[1], data.timeZone) < toEpochSeconds(later[1], data.timeZone)) return;
    problems.push(
      problem(later[0], `expected a date after ${earlier[0].join('.')} (${earlier[1]}), got ${later[1]}`, [
        earlier[0],
      ]),
    );
  };
  const evaluationStart: [Path, string | undefined] = [['split', 'evaluationFrom'], evaluationFrom];
  inOrder(evaluationStart, [['split', 'evaluationTo'], evaluationTo]);
  inOrder([['split', 'trainingFrom'], split.trainingFrom], evaluationStart);
  inOrder([['data', 'log', 'from'], data.log.from], [['data', 'log', 'to'], data.log.to]);
  inOrder([['data', 'log', 'from'], data.log.from], evaluationStart);
  for (const [name, task] of Object.entries(tasks)) {
    inOrder([['tasks', name, 'trainFrom'], task.trainFrom], evaluationStart);
  }
  return problems;
}

function fieldRules({ data, features, tasks }: Config, input: ConfigInput): RuleProblem[] {
  const problems: RuleProblem[] = [];
  for (const [name, field] of Object.entries(features.item)) {
    const path: Path = ['features', 'item', name];
    if (name === 'item' && field.column !== data.log.item) {
      problems.push(
        problem(
          [...path, 'column'],
          `expected no column, or that of data.log.item (${data.log.item}), got ${field.column}`,
          [['data', 'log', 'item']],
        ),
      );
    }
    if (name === 'item' && field.from !== 'log') {
      problems.push(problem([...path, 'from'], `expected log, where the item id is, got ${field.from}`));
    }
    if (name === 'item' && field.separator !== undefined) {
      problems.push(problem([...path, 'separator'], 'expected none: an event has one item'));
    }
    if (name !== 'item' && field.from === 'items' && !data.items) {
      problems.push(
        problem([...path, 'from'], 'expected log, as there is no data.items, got items', [['data', 'items']]),
      );
    }
    if (input.features.item[name]?.pooling !== undefined && field.separator === undefined) {
      problems.push(
        problem([...path, 'pooling'], 'expected a separator beside it: only a multi-valued field is pooled'),
      );
    }
  }
  for (const [name, field] of Object.entries(features.user)) {
    const path: Path = ['features', 'user', name, 'tasks'];
    if (field.tasks && field.from !== 'request') {
      problems.push(problem(path, `expected none: a field from ${field.from} is known for every request`));
    }
    for (const task of field.tasks ?? []) {
      if (Object.hasOwn(tasks, task)) continue;
      const known = Object.keys(tasks);
      problems.push(problem(path, `expected names of tasks (${known.join(', ')}), got ${task}`, [['tasks']]));
    }
    if (field.from === 'users' && !data.users) {
      problems.push(
        problem(
          ['features', 'user', name, 'from'],
          'expected request or lastEvent, as there is no data.users, got users',
          [['data', 'users']],
        ),
      );
    }
  }
  return problems;
}

function queryRules({ features: { query }, tasks, model }: Config): RuleProblem[] {
  const known = Object.keys(tasks);
  const unknown = (query?.tasks ?? []).filter((task) => !known.includes(task));
  const problems = unknown.map((task) =>
    problem(['features', 'query', 'tasks'], `expected names of tasks (${known.join(', ')}), got ${task}`, [
      ['tasks'],
    ]),
  );
  if (model.queryEmbeddings === 'word2vec' && !query) {
    const text = 'expected features.query, the words that word2vec learns, got none';
    problems.push(problem(['model', 'queryEmbeddings'], text));
  }
  for (const [name, task] of Object.entries(tasks)) {
    if (task.query !== 'text') continue;
    const path: Path = ['tasks', name, 'query'];
    if (!query)
      problems.push(problem(path, 'expected features.query, the words that it asks with, got none'));
    else if (query.tasks?.includes(name) === false) {
      problems.push(
        problem(path, `expected none: features.query.tasks says that its samples have no query`, [
          ['features', 'query', 'tasks'],
        ]),
      );
    }
  }
  return problems;
}

function featureRules({ data, features: { ranking }, tasks }: Config): RuleProblem[] {
  const problems = Object.entries(tasks).flatMap(([name, task]) => {
    if (task.kind === 'multiclass') return [];
    const { features = [] } = task.samples;
    const twice = features.find((feature, at) => features.indexOf(feature) < at);
    const path: Path = ['tasks', name, 'samples', 'features'];
    if (twice !== undefined) return [problem(path, `expected distinct columns, got ${twice} twice`)];
    if (task.kind === 'binary' || features.length > 0 || (ranking && task.candidate === 'item')) return [];
    const computed = task.candidate === 'item' ? ', or features.ranking, which computes them' : '';
    return [problem(['tasks', name], `expected samples.features, the ranking features${computed}`)];
  });
  const path: Path = ['features', 'ranking'];
  if (ranking?.priceFrom === 'items' && !data.items) {
    problems.push(problem([...path, 'priceFrom'], 'expected log, as there is no data.items, got items'));
  }
  if (ranking?.rating !== undefined && !data.items) {
    problems.push(problem([...path, 'rating'], 'expected none, as there is no data.items'));
  }
  return problems;
}

function trainedRules({ tasks, train }: Config): RuleProblem[] {
  const known = Object.keys(tasks).join(', ');
  return (train.tasks ?? []).flatMap((name) =>
    Object.hasOwn(tasks, name)
      ? []
      : [problem(['train', 'tasks'], `expected names of tasks (${known}), got ${name}`, [['tasks']])],
  );
}

/** What the file of a task's samples holds anyway, beside the columns under `keep` (docs/prepared-format.md). */
const SAMPLE_COLUMNS = ['sample', 'request', 'candidate', 'label', 'weight'];

function keptRules({ tasks }: Config): RuleProblem[] {
  return Object.entries(tasks).flatMap(([task, { samples }]) =>
    samples.keep.flatMap((column, at) => {
      const name = column.toLowerCase();
      const path: Path = ['tasks', task, 'samples', 'keep'];
      if (SAMPLE_COLUMNS.includes(name)) {
        const taken = `expected another name than ${SAMPLE_COLUMNS.join(', ')}, which are there anyway, got ${column}`;
        return [problem(path, taken)];
      }
      const twice = samples.keep.slice(0, at).some((other) => other.toLowerCase() === name);
      return twice ? [problem(path, `expected distinct names, got ${column} twice`)] : [];
    }),
  );
}

/** Fields and tasks become files and folders, which some file systems tell apart by letters and not by case. */
function nameRules({ features, entities, tasks }: Config): RuleProblem[] {
  const groups: readonly (readonly [Path, object])[] = [
    [['features', 'item'], features.item],
    [['features', 'properties'], features.properties],
    [['features', 'user'], features.user],
    [['entities'], entities],
    [['tasks'], tasks],
  ];
  return groups.flatMap(([path, entries]) => {
    const names = Object.keys(entries);
    return names.flatMap((name, index) => {
      const earlier = names.slice(0, index).find((other) => other.toLowerCase() === name.toLowerCase());
      return earlier === undefined
        ? []
        : [problem([...path, name], `expected a name that differs from ${earlier} by more than case`)];
    });
  });
}
