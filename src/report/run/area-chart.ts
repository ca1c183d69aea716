/** What each task is measured by: the model with its interval, and scores without a model beside it. */
import type { SavedEvaluation } from '../../evaluation/saved-evaluation.js';
import { palette } from '../palette.js';
import { type ChartRow, rowChart } from '../row-chart.js';
import type { ReportChart } from '../write-report.js';
import { isFiniteNumber } from './numbers.js';
import { taskAreas } from './task-area.js';

/** Of a model, and of what scores without one. */
export const AREA_STYLES = {
  model: { colour: palette.blue.light, dash: [1, 0], shape: 'circle', about: 'the model' },
  baseline: {
    colour: palette.faint.light,
    dash: [2, 3],
    shape: 'diamond',
    about: 'scores without a model',
  },
};

/** Null where no task could be measured. */
export function areaChart(evaluation: SavedEvaluation): ReportChart | null {
  const texts: string[] = [];
  const rows = taskAreas(evaluation).flatMap(({ task, measure, key, name }): ChartRow[] => {
    const value = evaluation.metrics[key];
    if (!isFiniteNumber(value)) return [];
    const interval = evaluation.intervals[key] ?? null;
    const baselines = Object.entries(evaluation.baselines[task] ?? {}).flatMap(([baseline, metrics]) => {
      const reached = metrics[measure];
      return isFiniteNumber(reached) ? [{ baseline, reached }] : [];
    });
    texts.push(
      `${name} of ${task} ${value.toFixed(4)}` +
        (interval ? ` (${interval.low.toFixed(4)} to ${interval.high.toFixed(4)})` : '') +
        baselines.map(({ baseline, reached }) => `, baseline ${baseline} ${reached.toFixed(4)}`).join(''),
    );
    return [
      { heading: `${task}, ${name}` },
      { name: 'model', points: [{ series: 'model', value, interval }] },
      ...(baselines.length > 0 ? [{ subheading: 'baselines' }] : []),
      ...baselines.map(({ baseline, reached }) => ({
        name: baseline,
        points: [{ series: 'baseline', value: reached }],
      })),
    ];
  });
  if (rows.length === 0) return null;
  return {
    name: 'areas',
    title: 'AUC by task',
    description: `${texts.join('; ')}.`,
    caption:
      'The model (with its 95 % interval, where there is one) and baselines (diamonds) on the same samples. ' +
      'Dashed line: 0.5, what chance reaches.',
    spec: rowChart({ title: 'AUC by task', rows, styles: AREA_STYLES, axis: { title: 'AUC' }, rule: 0.5 }),
  };
}
