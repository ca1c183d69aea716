/** What no single key of a comparison can say: names that collide, and who may be a member of a group. */
import type { ComparisonFile } from './comparison-schema.js';
import type { Path } from './origin.js';
import { problem, type RuleProblem } from './rule-problem.js';
import type { Config } from './schema.js';

/** The row of the base itself. */
export const BASE = 'base';

/** `configs` has the base and every variant whose config holds. */
export function comparisonRules(file: ComparisonFile, configs: ReadonlyMap<string, Config>): RuleProblem[] {
  return [
    ...seedRules(file),
    ...nameRules(file),
    ...variantRules(file),
    ...groupRules(file, configs),
    ...taskRules(configs),
  ];
}

function seedRules({ seeds }: ComparisonFile): RuleProblem[] {
  const twice = seeds.find((seed, at) => seeds.indexOf(seed) < at);
  return twice === undefined ? [] : [problem(['seeds'], `expected distinct numbers, got ${twice} twice`)];
}

/** Rows share one table, and those of variants become folders, which some file systems do not tell apart by case. */
function nameRules({ variants, groups }: ComparisonFile): RuleProblem[] {
  const rows: readonly (readonly [Path, string])[] = [
    ...Object.keys(variants).map((name) => [['variants', name], name] as const),
    ...Object.keys(groups).map((name) => [['groups', name], name] as const),
  ];
  return rows.flatMap(([path, name], at) => {
    const earlier = [BASE, ...rows.slice(0, at).map(([, other]) => other)].find(
      (other) => other.toLowerCase() === name.toLowerCase(),
    );
    return earlier === undefined
      ? []
      : [problem(path, `expected a name that differs from ${earlier} by more than case`)];
  });
}

/** Keys that the comparison sets itself. */
function variantRules({ variants }: ComparisonFile): RuleProblem[] {
  return Object.entries(variants).flatMap(([name, variant]) => {
    const set = ['name', 'run'].filter((key) => key in variant).map((key) => [key]);
    const { train } = variant;
    if (typeof train === 'object' && train !== null && 'seed' in train) set.push(['train', 'seed']);
    return set.map((keys) =>
      problem(
        ['variants', name, ...keys],
        'expected none: the comparison names its runs and gives their seeds',
      ),
    );
  });
}

function groupRules(
  { variants, groups }: ComparisonFile,
  configs: ReadonlyMap<string, Config>,
): RuleProblem[] {
  return Object.entries(groups).flatMap(([name, members]) => {
    const memberOfTask = new Map<string, string>();
    return members.flatMap((member, at) => {
      const path: Path = ['groups', name, at];
      if (!Object.hasOwn(variants, member)) {
        return [
          problem(path, `expected one of variants (${Object.keys(variants).join(', ')}), got ${member}`),
        ];
      }
      const config = configs.get(member);
      if (!config) return [];
      if (!config.train.tasks) {
        return [
          problem(path, `expected a variant that sets train.tasks, got ${member}, which trains all tasks`),
        ];
      }
      return config.train.tasks.flatMap((task) => {
        const earlier = memberOfTask.get(task);
        memberOfTask.set(task, member);
        return earlier === undefined
          ? []
          : [
              problem(
                path,
                `expected members that train different tasks, got ${task} in ${earlier} and ${member}`,
              ),
            ];
      });
    });
  });
}

function taskRules(configs: ReadonlyMap<string, Config>): RuleProblem[] {
  const base = configs.get(BASE);
  return base && Object.keys(base.tasks).length === 0
    ? [problem(['base'], 'expected a config with a task, got one without')]
    : [];
}
