/** A backtest as a page: the models, the numbers, the charts by day and the runs they are from. */
import type { Summary } from '../common/summary.js';
import type { Cell } from '../common/table.js';
import type { BacktestResult } from '../experiments/backtest-result.js';
import { backtestStyles } from './backtest-style.js';
import { daysText } from './day-axis.js';
import { type Block, type Figure, renderPage, type Section } from './page.js';
import { summaryBlocks } from './summary-blocks.js';

/** `summary` is that of the terminal. */
export function backtestPage(result: BacktestResult, summary: Summary, figures: readonly Figure[]): string {
  return renderPage({
    title: summary.title,
    lead: backtestLead(result),
    sections: backtestSections(result, summary, figures),
  });
}

export function backtestSections(
  result: BacktestResult,
  summary: Summary,
  figures: readonly Figure[],
): Section[] {
  return [
    {
      heading: 'Models',
      blocks: [
        {
          kind: 'terms',
          terms: result.models.map((model) => ({ term: model, text: backtestStyles[model].about })),
        },
      ],
    },
    ...(figures.length > 0
      ? [{ heading: 'By day', blocks: [{ kind: 'figures', figures } satisfies Block] }]
      : []),
    { heading: 'Results', blocks: summaryBlocks(summary) },
    { heading: 'Runs', blocks: [runsTable(result)] },
  ];
}

export function backtestLead({ tasks, days, seed }: BacktestResult): string {
  const of = `${tasks.length === 1 ? 'The task' : 'The tasks'} ${tasks.join(', ')}`;
  if (days.length === 0) return `${of}; seed ${seed}. No day is done yet.`;
  const count = days.length === 1 ? 'one day' : `${days.length} days`;
  return (
    `${of} on ${count}, ${daysText(days.map(({ day }) => day))}: ` +
    `models that start as one are measured on each day before any has learned it; seed ${seed}.`
  );
}

function runsTable({ start, days, models }: BacktestResult): Block {
  const row = (day: string | null, model: string, of: BacktestResult['start']): Cell[] => [
    day,
    model,
    of.preprocessSeconds.toFixed(1),
    of.trainingSeconds.toFixed(1),
    of.run,
  ];
  return {
    kind: 'table',
    title: 'Measured on each day',
    header: ['day', 'model', 'preprocessing seconds', 'training seconds', 'folder'],
    rows: [
      row(null, 'start', start),
      ...days.flatMap(({ day, models: of }) =>
        models.flatMap((model) => (of[model] ? [row(day, model, of[model])] : [])),
      ),
    ],
  };
}
