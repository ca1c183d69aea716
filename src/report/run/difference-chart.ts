/** What the model has more than each baseline, with the interval of the difference. */
import { signed, signedInterval } from '../../common/signed.js';
import { standingsOf } from '../../common/standings.js';
import type { SavedEvaluation } from '../../evaluation/saved-evaluation.js';
import { palette } from '../palette.js';
import { type ChartRow, rowChart } from '../row-chart.js';
import type { ReportChart } from '../write-report.js';
import { taskAreas } from './task-area.js';

const STYLES = {
  difference: {
    colour: palette.blue.light,
    dash: [1, 0],
    shape: 'circle',
    about: 'model minus baseline',
  },
};

/** Null where no difference has an interval. */
export function differenceChart(evaluation: SavedEvaluation): ReportChart | null {
  const texts: string[] = [];
  const rows = taskAreas(evaluation).flatMap(({ task, measure, name }): ChartRow[] => {
    const standings = standingsOf(evaluation.differences[task], measure);
    if (standings.length === 0) return [];
    const each = standings.map(
      ({ baseline, word, difference, interval }) =>
        `${word} ${baseline} ${signed(difference)} (${signedInterval(interval)})`,
    );
    texts.push(`${name} of ${task}: ${each.join(', ')}`);
    return [
      { heading: `${task}, ${name}` },
      ...standings.map(({ baseline, word, difference, interval }) => ({
        name: baseline,
        note: word,
        points: [{ series: 'difference', value: difference, interval }],
      })),
    ];
  });
  if (rows.length === 0) return null;
  const title = 'Model minus baselines';
  return {
    name: 'differences',
    title,
    description: `${texts.join('; ')}.`,
    caption:
      'What the model has more than each baseline on the same samples, with the 95 % interval of the difference; dashed line: no ' +
      'difference. Above or below: the interval leaves 0 out.',
    spec: rowChart({ title, rows, styles: STYLES, axis: { title: 'model minus baseline' }, rule: 0 }),
  };
}
