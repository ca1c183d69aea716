/** The rules of what tasks judge: entities, their fields, and the tasks that name them. */
import type { Path } from './origin.js';
import { problem, type RuleProblem } from './rule-problem.js';
import type { Config } from './schema.js';

/** Groups of embedding tables and of vocabularies that are no entities, and baselines of an evaluation. */
const RESERVED = [
  ...['item', 'property', 'properties', 'user', 'query'],
  ...['position', 'popularity', 'seen', 'lastItem'],
];

export function entityRules({ entities, features, tasks }: Config): RuleProblem[] {
  const problems: RuleProblem[] = [];
  for (const [name, { fields, table }] of Object.entries(entities)) {
    const path: Path = ['entities', name];
    if (RESERVED.includes(name))
      problems.push(problem(path, `expected another name than ${RESERVED.join(', ')}`));
    if (!Object.hasOwn(fields, name)) {
      problems.push(
        problem([...path, 'fields'], `expected a field named \`${name}\` (the id of the ${name})`),
      );
    }
    for (const [fieldName, { shares, size }] of Object.entries(fields)) {
      const field = [...path, 'fields', fieldName];
      if (shares !== undefined && !Object.hasOwn(features.item, shares)) {
        const known = Object.keys(features.item).join(', ');
        problems.push(
          problem([...field, 'shares'], `expected an item field (${known}), got ${shares}`, [
            ['features', 'item'],
          ]),
        );
      }
      if (shares === undefined && size === undefined) {
        problems.push(
          problem(
            [...field, 'size'],
            'expected the units of its embedding, as it shares that of no item field',
          ),
        );
      }
      if (shares !== undefined && size !== undefined) {
        problems.push(
          problem([...field, 'size'], `expected none: it shares the embedding of features.item.${shares}`, [
            ['features', 'item'],
          ]),
        );
      }
      if (fieldName !== name && !table) {
        problems.push(
          problem(field, `expected a table of the ${name} that holds its column`, [[...path, 'table']]),
        );
      }
    }
  }
  for (const [name, task] of Object.entries(tasks)) {
    if (task.kind === 'multiclass' || task.candidate === 'item') continue;
    const path: Path = ['tasks', name];
    if (!Object.hasOwn(entities, task.candidate)) {
      const known = ['item', ...Object.keys(entities)].join(', ');
      problems.push(
        problem([...path, 'candidate'], `expected one of ${known}, got ${task.candidate}`, [['entities']]),
      );
    }
    if (task.kind === 'binary' && task.query === 'candidate') {
      problems.push(
        problem(
          [...path, 'query'],
          `expected none: the attention can be asked with an item only, got a ${task.candidate}`,
          [[...path, 'candidate']],
        ),
      );
    }
  }
  return problems;
}
