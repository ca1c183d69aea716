/** The rules of what Spark reads: which paths need it, and what may not stand in a file that is copied beside runs. */
import { holdsPassword, isUri } from '../common/uri.js';
import type { Path } from './origin.js';
import { problem, type RuleProblem } from './rule-problem.js';
import type { Config } from './schema.js';

/** -Dname=value among the options of a Java, or a URL in a list. */
const holdsSecret = (value: string) =>
  value.split(/[\s,]+/).some((one) => holdsPassword(one) || (one.startsWith('-D') && SECRET.test(one)));

const SECRET = /secret|password|passwd|token|credential|access\.?key|account\.key|sas\./i;

export function sparkRules(config: Config): RuleProblem[] {
  return [...pathRules(config), ...(config.preprocess.engine === 'spark' ? settingRules(config) : [])];
}

function pathRules(config: Config): RuleProblem[] {
  const engine: Path = ['preprocess', 'engine'];
  return sourcesOf(config).flatMap(([path, files]) =>
    files.filter(isUri).flatMap((file) => {
      if (holdsPassword(file)) {
        return [
          problem(path, 'expected a path without a password, which belongs in the configuration of Spark'),
        ];
      }
      if (path[0] === 'features') {
        return [problem(path, `predictions are read on this machine: expected a path of it, got ${file}`)];
      }
      if (config.preprocess.engine === 'spark') return [];
      const text = `expected a path on this machine, got ${file}, which preprocess.engine: spark may read`;
      return [problem(path, text, [engine])];
    }),
  );
}

/** The files of every table, by their key. */
function sourcesOf({ data, entities, tasks, features }: Config): (readonly [Path, readonly string[]])[] {
  const predictions = features.ranking?.predictedCtr;
  return [
    [['data', 'log', 'files'], data.log.files],
    ...(data.items ? [[['data', 'items', 'files'], data.items.files] as const] : []),
    ...(data.users ? [[['data', 'users', 'files'], data.users.files] as const] : []),
    ...Object.entries(entities).flatMap(([name, { table }]) =>
      table ? [[['entities', name, 'table', 'files'], table.files] as const] : [],
    ),
    ...Object.entries(tasks).map(
      ([name, { samples }]) => [['tasks', name, 'samples', 'files'], samples.files] as const,
    ),
    ...(predictions ? [[['features', 'ranking', 'predictedCtr', 'files'], predictions.files] as const] : []),
  ];
}

function settingRules({ preprocess: { spark } }: Config): RuleProblem[] {
  const key: Path = ['preprocess', 'spark'];
  const problems = Object.entries(spark.conf).flatMap(([name, value]) => {
    const path = [...key, 'conf', name];
    if (SECRET.test(name) || holdsSecret(String(value))) {
      return [
        problem(
          path,
          'expected no secret, as configs are copied beside runs: put it in the environment or in the configuration of your Spark',
        ),
      ];
    }
    if (name === 'spark.master') return [problem(path, 'expected preprocess.spark.master in its place')];
    if (name === 'spark.submit.deployMode' && value !== 'client') {
      return [problem(path, `dupn talks to a driver on this machine: expected client, got ${value}`)];
    }
    return [];
  });
  const { staging, master } = spark;
  if (staging === undefined) {
    if (master === undefined || isLocalMaster(master)) return problems;
    const text = `with the master ${master}: expected a folder that the driver and all executors see, got none`;
    return [...problems, problem([...key, 'staging'], text, [[...key, 'master']])];
  }
  if (!holdsPassword(staging)) return problems;
  return [
    ...problems,
    problem(
      [...key, 'staging'],
      'expected a path without a password, which belongs in the configuration of Spark',
    ),
  ];
}

/** Whether Spark runs in one process on this machine. */
export const isLocalMaster = (master: string): boolean => /^local(\[|$)/.test(master);
