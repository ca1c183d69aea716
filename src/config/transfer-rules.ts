/** What no single key of a transfer can say: which task is new, and what it can be transferred by. */
import { problem, type RuleProblem } from './rule-problem.js';
import type { Config } from './schema.js';
import type { TransferFile } from './transfer-schema.js';

/** What a new task may bring; anything else would make the base another one. */
const BROUGHT = ['tasks', 'entities', 'features', 'data'];

/** Keys of train that the transfer sets itself. */
const OWN_KEYS = ['seed', 'tasks'];

/** `base` is the config of the base, `whole` with what the transfer adds. */
export function transferRules(file: TransferFile, base: Config, whole: Config): RuleProblem[] {
  return [...distinctRules(file), ...addRules(file), ...trainRules(file), ...taskRules(file, base, whole)];
}

function distinctRules(file: TransferFile): RuleProblem[] {
  return (['strategies', 'seeds', 'fractions'] as const).flatMap((key) => {
    const values: readonly (string | number)[] = file[key];
    const twice = values.find((value, at) => values.indexOf(value) < at);
    return twice === undefined ? [] : [problem([key], `expected distinct values, got ${twice} twice`)];
  });
}

function addRules({ add = {} }: TransferFile): RuleProblem[] {
  return Object.keys(add)
    .filter((key) => !BROUGHT.includes(key))
    .map((key) =>
      problem(
        ['add', key],
        `expected what a task brings (${BROUGHT.join(', ')}): the rest is that of the base`,
      ),
    );
}

function trainRules({ train = {} }: TransferFile): RuleProblem[] {
  return OWN_KEYS.filter((key) => key in train).map((key) =>
    problem(['train', key], 'expected none: the transfer gives the seeds and tasks of its runs'),
  );
}

function taskRules(file: TransferFile, base: Config, whole: Config): RuleProblem[] {
  const { task, strategies } = file;
  if (!whole.tasks[task]) {
    const known = Object.keys(whole.tasks).join(', ');
    return [problem(['task'], `expected a task of the base or of add.tasks (${known}), got ${task}`)];
  }
  if (file.add && base.tasks[task]) {
    return [problem(['add'], `expected none for a task that the base has, got some for ${task}`)];
  }
  if (file.add && base.train.tasks) {
    return [problem(['add'], 'expected a base without train.tasks, whose tasks are all of its YAML')];
  }
  const others = baseTasks(base, task);
  if (others.length === 0) {
    return [problem(['task'], `expected a base with another task than ${task}, got one without`)];
  }
  if (!strategies.includes('representation') || file.baseRun !== undefined) return [];
  const queries = Object.fromEntries(others.map((name) => [name, { query: base.tasks[name]!.query }]));
  const text = representationProblem(whole.tasks[task], queries);
  if (text === null) return [];
  const possible = strategies.filter((strategy) => strategy !== 'representation');
  const way = possible.length > 0 ? `; leave it out: [${possible.join(', ')}]` : '';
  return [problem(['strategies'], text + way)];
}

/** The tasks that the base is trained on: its own but the new one. */
export const baseTasks = ({ tasks, train }: Config, task: string): string[] =>
  (train.tasks ?? Object.keys(tasks)).filter((name) => name !== task);

type Asking = { readonly query: 'text' | 'candidate' | 'none' };

/** Why a task cannot learn on the frozen representation of a base with these tasks; null where it can. */
export function representationProblem(
  { query }: Asking,
  base: Readonly<Record<string, Asking>>,
): string | null {
  if (query === 'candidate') {
    return 'representation expected a task whose representation does not depend on the candidate (query: text or none), got query: candidate';
  }
  if (Object.values(base).some((task) => task.query === query)) return null;
  const got = Object.entries(base)
    .map(([name, task]) => `${name}: ${task.query}`)
    .join(', ');
  return `representation expected a base that learned to represent a request with query: ${query}, as the new task asks, got ${got}`;
}
