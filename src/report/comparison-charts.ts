/** The charts of a comparison: what each row differs by from the base, in what each task is measured by. */
import { aucName } from '../common/auc-name.js';
import { signed, signedInterval } from '../common/signed.js';
import type { ComparisonResult } from '../experiments/summarise.js';
import { palette } from './palette.js';
import { rowChart } from './row-chart.js';
import type { ReportChart } from './write-report.js';

const STYLES = {
  difference: { colour: palette.blue.light, dash: [1, 0], shape: 'circle', about: 'difference to the base' },
};

/** Of the tasks in which at least one row has a difference. */
export function comparisonCharts({ metrics }: ComparisonResult): ReportChart[] {
  return Object.entries(metrics).flatMap(([key, rows]) => {
    const [, measure, task] = /^(auc|macroAuc)\[(.*)\]$/s.exec(key) ?? [];
    if (measure === undefined || task === undefined) return [];
    const name = aucName(measure as 'auc' | 'macroAuc');
    const differences = Object.entries(rows).flatMap(([row, { difference }]) =>
      difference ? [{ row, ...difference }] : [],
    );
    if (differences.length === 0) return [];
    const base = Object.entries(rows).find(([, { difference }]) => !difference);
    const title = `${name} of ${task} against the base`;
    return [
      {
        name: `difference-${task}`,
        title,
        description: `${differences
          .map(
            ({ row, mean, interval }) =>
              `${row} ${signed(mean)}${interval ? ` (${signedInterval(interval)})` : ''}`,
          )
          .join('; ')}${base ? `; ${base[0]} ${base[1].mean.toFixed(4)}` : ''}.`,
        caption:
          `Difference in ${name} to the base of the same seed` +
          (differences.some(({ interval }) => interval)
            ? ', mean over the seeds with its 95 % interval.'
            : '; of one seed, so without an interval.') +
          ' Dashed line: the base.',
        spec: rowChart({
          title,
          rows: differences.map(({ row, mean, interval }) => ({
            name: row,
            points: [{ series: 'difference', value: mean, interval }],
          })),
          styles: STYLES,
          axis: { title: 'difference' },
          rule: 0,
        }),
      },
    ];
  });
}
