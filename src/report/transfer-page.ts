/** A transfer as a page: what was put onto what, the numbers, the curves and the runs they are from. */
import { aucName } from '../common/auc-name.js';
import { percent } from '../common/percent.js';
import type { Strategy } from '../common/strategies.js';
import type { Summary } from '../common/summary.js';
import type { Cell } from '../common/table.js';
import type { TransferResult } from '../experiments/transfer-result.js';
import { type Block, type Figure, renderPage, type Section } from './page.js';
import { strategyStyles } from './strategy-style.js';
import { summaryBlocks } from './summary-blocks.js';

/** `summary` is that of the terminal. */
export function transferPage(result: TransferResult, summary: Summary, figures: readonly Figure[]): string {
  return renderPage({
    title: summary.title,
    lead: transferLead(result),
    sections: transferSections(result, summary, figures),
  });
}

export function transferSections(
  result: TransferResult,
  summary: Summary,
  figures: readonly Figure[],
): Section[] {
  const strategies = Object.keys(result.strategies) as Strategy[];
  return [
    {
      heading: 'Strategies',
      blocks: [
        {
          kind: 'terms',
          terms: strategies.map((strategy) => ({ term: strategy, text: strategyStyles[strategy].about })),
        },
      ],
    },
    { heading: 'Results', blocks: summaryBlocks(summary) },
    { heading: 'Curves', blocks: [{ kind: 'figures', figures }] },
    { heading: 'Runs', blocks: [runsTable(result), basesTable(result)] },
  ];
}

export function transferLead({ task, bases, samples, fractions, seeds }: TransferResult): string {
  const tasks = [...new Set(bases.flatMap((base) => base.tasks))];
  const shares = fractions.map(percent);
  return (
    `The task ${task}, new to a model of ${tasks.join(', ') || 'no other task'}: ` +
    `${samples} training samples${fractions.length > 1 ? `, of which ${shares.join(', ')} were used` : ''}; ` +
    `${seeds.length === 1 ? 'seed' : 'seeds'} ${seeds.join(', ')}.`
  );
}

function runsTable({ measure, strategies }: TransferResult): Block {
  const rows = Object.entries(strategies).flatMap(([strategy, { fractions }]) =>
    fractions.flatMap(({ fraction, runs }) =>
      runs.map((run): Cell[] => [
        strategy,
        fraction,
        run.seed,
        run.final.toFixed(4),
        run.bestStep,
        run.seconds.toFixed(1),
        run.run,
      ]),
    ),
  );
  return {
    kind: 'table',
    title: 'Of the new task',
    header: ['strategy', 'fraction', 'seed', aucName(measure), 'best step', 'seconds', 'folder'],
    rows,
  };
}

function basesTable({ bases }: TransferResult): Block {
  return {
    kind: 'table',
    title: 'Bases',
    header: ['folder', 'seed', 'tasks', 'seconds'],
    rows: bases.map(({ run, seed, tasks, seconds }) => [run, seed, tasks.join(', '), seconds.toFixed(1)]),
  };
}
