/** A run as a page: what it reaches, how it was trained, where it is weak, what it attends to, and its data. */
import { tinyText } from '../common/worst-slices.js';
import { type Draft, type DraftBlock, drawSections } from './drafts.js';
import { type Block, renderPage } from './page.js';
import { areaChart } from './run/area-chart.js';
import { BEHAVIOUR_TEXT, behaviourCharts, byText } from './run/behaviour-charts.js';
import { CALIBRATION_TEXT, calibrationChart } from './run/calibration-chart.js';
import { confusionChart } from './run/confusion-chart.js';
import { differenceChart } from './run/difference-chart.js';
import { featureChart } from './run/feature-chart.js';
import { glossary } from './run/glossary.js';
import { historyBlocks } from './run/histories.js';
import { LEARNING_TEXT, learningCharts } from './run/learning-charts.js';
import { profileCharts } from './run/profile-charts.js';
import { againstTable, againstText, evaluationWarnings, resultTables } from './run/result-tables.js';
import { ROC_TEXT, rocChart } from './run/roc-chart.js';
import { rowTable } from './run/row-table.js';
import { sliceChart } from './run/slice-chart.js';
import { sliceTables } from './run/slice-tables.js';
import { type TaskArea, taskAreas } from './run/task-area.js';
import { localTime, momentText } from './run/time-text.js';
import type { RunReport } from './run-report.js';
import type { ReportChart } from './write-report.js';

/** From as many on, all but the first part of a section are folded. */
const MANY_PARTS = 3;

export async function runPage(report: RunReport): Promise<string> {
  return renderPage({
    title: `Run ${report.name}`,
    lead: runLead(report),
    warnings: evaluationWarnings(report.evaluation),
    sections: await drawSections(runDrafts(report)),
  });
}

/** What it was trained on and measured on. */
export function runLead({ data, evaluation, made }: RunReport): string {
  const { timeZone } = data;
  const day = (time: string) => momentText(Date.parse(time) / 1000, timeZone);
  const log =
    data.firstEvent && data.lastEvent
      ? `, ${day(data.firstEvent)} to ${day(data.lastEvent)} (${timeZone})`
      : '';
  const end = data.evaluationTo ? ` to ${day(data.evaluationTo)}` : ' on';
  return (
    `Data ${data.prepared}: ${data.events} events of ${data.users} users on ${data.items} items${log}. ` +
    `Measured from ${day(data.evaluationFrom)}${end}, with the weights of step ${evaluation.step}` +
    (made ? `, on ${day(made.at)} with dupn ${made.version}.` : '.')
  );
}

/** All sections, those without anything to show too. */
export function runDrafts(report: RunReport): Draft[] {
  const areas = taskAreas(report.evaluation);
  return [
    results(report),
    {
      heading: 'Learning',
      blocks: [
        {
          kind: 'text',
          text: `${LEARNING_TEXT}Dashed line: the weights that were kept, those best in the mean over the tasks.`,
        },
        charts(areas.flatMap((area) => learningCharts({ [report.name]: report }, area))),
      ],
    },
    {
      heading: 'ROC and calibration',
      blocks: [
        { kind: 'text', text: `${ROC_TEXT} ${CALIBRATION_TEXT}` },
        ...folded(
          areas.map((area) => ({
            summary: `${area.task}: ROC and calibration`,
            of: curveCharts(report, area),
          })),
        ),
      ],
    },
    slices(report, areas),
    attention(report, areas),
    {
      heading: 'Behaviours',
      blocks: [
        {
          kind: 'text',
          text: `${BEHAVIOUR_TEXT} From ${report.insight.requests} requests of the evaluation period.`,
        },
        ...folded(
          report.insight.groups.map((group) => ({
            summary: `By ${byText(group.by)}`,
            of: behaviourCharts(group),
          })),
        ),
      ],
    },
    {
      heading: 'Ranking',
      blocks: [
        charts(
          Object.entries(report.insight.featureWeights).flatMap(
            ([task, weights]) => featureChart(task, weights) ?? [],
          ),
        ),
      ],
    },
    dataSection(report),
    {
      heading: 'Config',
      blocks: [
        {
          kind: 'details',
          summary: 'The whole config, defaults included',
          blocks: [{ kind: 'code', text: report.made?.config ?? '' }],
        },
      ],
    },
  ];
}

/** Charts of a kind: all to be seen where there are few, else those of the first part alone are open. */
function folded(
  parts: readonly { readonly summary: string; readonly of: readonly ReportChart[] }[],
): DraftBlock[] {
  const filled = parts.filter(({ of }) => of.length > 0);
  if (filled.length < MANY_PARTS) return [charts(filled.flatMap(({ of }) => of))];
  return filled.map(({ summary, of }, at) => ({
    kind: 'details',
    summary,
    open: at === 0,
    blocks: [charts(of)],
  }));
}

const charts = (of: Extract<DraftBlock, { kind: 'charts' }>['charts']): DraftBlock => ({
  kind: 'charts',
  charts: of,
});

function results({ evaluation, data }: RunReport): Draft {
  const { against } = evaluation;
  const paired = against && againstTable(against);
  const figures = [areaChart(evaluation), differenceChart(evaluation)].flatMap((chart) => chart ?? []);
  return {
    heading: 'Results',
    blocks: [
      ...resultTables(evaluation).map((table): Block => ({ kind: 'table', ...table })),
      glossary({ evaluation, data }),
      charts(figures),
      ...(paired
        ? ([
            { kind: 'table', ...paired },
            { kind: 'text', text: againstText(against) },
          ] satisfies Block[])
        : []),
    ],
  };
}

function curveCharts({ evaluation }: RunReport, { task, measure }: TaskArea) {
  const curves = evaluation.curves[task];
  if (!curves) return [];
  const several = measure === 'macroAuc';
  const roc = curves.roc.map((points, at) => ({ series: several ? `class ${at}` : 'model', points }));
  return [
    rocChart(task, roc, several ? 'class' : 'run'),
    calibrationChart(task, curves.calibration, several ? 'the predicted class' : 'a positive'),
    confusionChart(task, curves.confusion),
  ].flatMap((chart) => chart ?? []);
}

function slices({ evaluation }: RunReport, areas: readonly TaskArea[]): Draft {
  const of = areas.map((area) => ({ area, columns: evaluation.slices[area.task] ?? [] }));
  return {
    heading: 'Slices',
    blocks: [
      charts(of.flatMap(({ area, columns }) => sliceChart(area, columns) ?? [])),
      {
        kind: 'list',
        items: of.flatMap(({ area: { task }, columns }) => {
          const text = tinyText(columns);
          return text === null ? [] : [`${task}: ${text}.`];
        }),
      },
      ...of.map(({ area, columns }): DraftBlock => {
        const count = columns.reduce((sum, each) => sum + each.slices.length, 0);
        return {
          kind: 'details',
          summary: `${area.task}: ${count} ${count === 1 ? 'slice' : 'slices'} by ${columns.map(({ column }) => column).join(', ')}`,
          blocks: sliceTables(area, columns).map((table) => ({ kind: 'table', ...table })),
        };
      }),
    ],
  };
}

function attention({ insight, data }: RunReport, areas: readonly TaskArea[]): Draft {
  const several = areas.filter(({ measure }) => measure === 'macroAuc').map(({ task }) => task);
  return {
    heading: 'Attention',
    blocks: [
      {
        kind: 'text',
        text:
          'Histories of some users as the attention sees them: the stronger the colour, the larger the weight ' +
          'of a behaviour, the strongest in full; all weights of a history add up to 100 %.',
      },
      ...historyBlocks(insight.histories, several, data.timeZone),
    ],
  };
}

function dataSection({ profile, data }: RunReport): Draft {
  const local = (time: string) => localTime(Date.parse(time) / 1000, data.timeZone);
  const bounds = {
    from: local(data.evaluationFrom),
    to: data.evaluationTo === null ? null : local(data.evaluationTo),
  };
  return {
    heading: 'Data',
    blocks: [
      charts(profileCharts(profile, bounds)),
      {
        kind: 'table',
        title: 'Samples',
        header: ['task', 'training', 'validation', 'evaluation'],
        rows: Object.entries(data.samples).map(([task, { training, validation, evaluation }]) => [
          task,
          training,
          validation,
          evaluation,
        ]),
      },
      { kind: 'table', ...rowTable(profile.rows) },
    ],
  };
}
