/** Runs and experiments on one page: runs side by side, then each experiment as its own page shows it. */
import type { Summary } from '../common/summary.js';
import type { BacktestResult } from '../experiments/backtest-result.js';
import type { ComparisonResult } from '../experiments/summarise.js';
import type { TransferResult } from '../experiments/transfer-result.js';
import { backtestCharts } from './backtest-charts.js';
import { backtestLead, backtestSections } from './backtest-page.js';
import { comparisonCharts } from './comparison-charts.js';
import { type Draft, drawSections } from './drafts.js';
import { drawFigures } from './figures.js';
import { type Block, renderPage, type Section } from './page.js';
import { LEARNING_TEXT, learningCharts, type Reports } from './run/learning-charts.js';
import { againstTable, againstText, evaluationWarnings } from './run/result-tables.js';
import { ROC_TEXT, rocChart } from './run/roc-chart.js';
import { runTables, tasksOf, withTask } from './run/run-tables.js';
import { runsAreaChart } from './run/runs-area-chart.js';
import { sampleWarnings } from './run/sample-warnings.js';
import { taskAreas } from './run/task-area.js';
import { runLead } from './run-page.js';
import type { RunReport } from './run-report.js';
import { summaryBlocks } from './summary-blocks.js';
import { transferCharts } from './transfer-charts.js';
import { transferLead, transferSections } from './transfer-page.js';

/** `summary` is that of the terminal. */
export type Experiment =
  | { readonly kind: 'comparison'; readonly result: ComparisonResult; readonly summary: Summary }
  | { readonly kind: 'transfer'; readonly result: TransferResult; readonly summary: Summary }
  | { readonly kind: 'backtest'; readonly result: BacktestResult; readonly summary: Summary };

export async function mergedPage(runs: Reports, experiments: readonly Experiment[]): Promise<string> {
  const [first, ...others] = experiments;
  if (first && others.length === 0 && Object.keys(runs).length === 0) return experimentPage(first);
  const sections = await drawSections(runDrafts(runs));
  for (const experiment of experiments) sections.push(...(await experimentSections(experiment)));
  return renderPage({
    title: 'Report',
    lead: `${[...Object.keys(runs), ...experiments.map(titleOf)].join(', ')}.`,
    warnings: [
      ...sampleWarnings(runs),
      ...Object.entries(runs).flatMap(([label, { evaluation }]) =>
        evaluationWarnings(evaluation).map((warning) => `${label}: ${warning}`),
      ),
    ],
    sections,
  });
}

async function experimentPage(experiment: Experiment): Promise<string> {
  return renderPage({
    title: titleOf(experiment),
    lead: leadOf(experiment),
    sections: await sectionsOf(experiment),
  });
}

function runDrafts(runs: Reports): Draft[] {
  const labels = Object.keys(runs);
  if (labels.length === 0) return [];
  const tasks = tasksOf(runs);
  const chart = runsAreaChart(runs);
  return [
    {
      heading: 'Runs',
      blocks: [{ kind: 'terms', terms: labels.map((term) => ({ term, text: runLead(runs[term]!) })) }],
    },
    {
      heading: 'Results',
      blocks: [
        ...(labels.length > 1
          ? [
              {
                kind: 'text' as const,
                text:
                  'Bold: the best of the runs, which says nothing of chance. Nor do intervals that overlap: of runs on the same users, ' +
                  'the difference is known better than either number, and dupn eval --against measures it.',
              },
            ]
          : []),
        ...runTables(runs).map((table): Block => ({ kind: 'table', ...table })),
        { kind: 'charts', charts: chart ? [chart] : [] },
        ...Object.entries(runs).flatMap(([label, report]) => againstBlocks(label, report)),
      ],
    },
    {
      heading: 'Learning',
      blocks: [
        {
          kind: 'text',
          text: `${LEARNING_TEXT}Ring: the weights that were kept.`,
        },
        { kind: 'charts', charts: tasks.flatMap((task) => learningOf(runs, task)) },
      ],
    },
    {
      heading: 'ROC',
      blocks: [
        { kind: 'text', text: ROC_TEXT },
        { kind: 'charts', charts: tasks.flatMap((task) => rocOf(runs, task) ?? []) },
      ],
    },
  ];
}

/** What a run differs by from another one, where it was measured. */
function againstBlocks(label: string, { evaluation: { against } }: RunReport): Block[] {
  const table = against && againstTable(against);
  if (!table) return [];
  return [
    { kind: 'table', ...table, title: `${label} against ${against.run}` },
    { kind: 'text', text: againstText(against) },
  ];
}

/** By the first run that has the task. */
function learningOf(runs: Reports, task: string) {
  const [{ evaluation }] = Object.values(withTask(runs, task)) as [RunReport];
  return learningCharts(runs, taskAreas(evaluation).find((each) => each.task === task)!);
}

/** Of a binary task; null of several classes. */
function rocOf(runs: Reports, task: string) {
  const curves = Object.entries(runs).map(([series, { evaluation }]) => {
    const roc = evaluation.curves[task]?.roc ?? [];
    return { series, points: roc.length === 1 ? roc[0]! : null };
  });
  return rocChart(task, curves, 'run');
}

/** The first section of an experiment's own page comes under its title. */
async function experimentSections(experiment: Experiment): Promise<Section[]> {
  const title = titleOf(experiment);
  const [first, ...rest] = (await sectionsOf(experiment)) as [Section, ...Section[]];
  return [
    { heading: title, blocks: [{ kind: 'text', text: leadOf(experiment) }, ...first.blocks] },
    ...rest.map(({ heading, blocks }) => ({ heading: `${title}: ${heading}`, blocks })),
  ];
}

async function sectionsOf(experiment: Experiment): Promise<Section[]> {
  switch (experiment.kind) {
    case 'comparison': {
      const { result, summary } = experiment;
      const figures = await drawFigures(comparisonCharts(result));
      const drawn: Block[] = figures.length > 0 ? [{ kind: 'figures', figures }] : [];
      return [{ heading: 'Results', blocks: [...drawn, ...summaryBlocks(summary)] }];
    }
    case 'transfer': {
      const { result, summary } = experiment;
      return transferSections(result, summary, await drawFigures(transferCharts(result)));
    }
    case 'backtest': {
      const { result, summary } = experiment;
      return backtestSections(result, summary, await drawFigures(backtestCharts(result)));
    }
  }
}

function titleOf({ kind, result, summary }: Experiment): string {
  return kind === 'comparison' ? `Comparison ${result.name}` : summary.title;
}

function leadOf(experiment: Experiment): string {
  switch (experiment.kind) {
    case 'comparison': {
      const { base, seeds } = experiment.result;
      return `Variants of ${base}; ${seeds.length === 1 ? 'seed' : 'seeds'} ${seeds.join(', ')}.`;
    }
    case 'transfer':
      return transferLead(experiment.result);
    case 'backtest':
      return backtestLead(experiment.result);
  }
}
