/** The final AUC of each strategy by how much of the new task's samples it had. */
import { aucName } from '../common/auc-name.js';
import { percent } from '../common/percent.js';
import type { Strategy } from '../common/strategies.js';
import type { TransferResult } from '../experiments/transfer-result.js';
import { aucAxis } from './auc-axis.js';
import { PERCENT_LABEL } from './percent-label.js';
import { lineAndPoints, look, seriesChart } from './series-chart.js';
import { stylesOf } from './series-style.js';
import { strategyStyles } from './strategy-style.js';
import type { TransferChart } from './transfer-charts.js';

/** Null where there are no two fractions to compare. */
export function fractionChart({ task, measure, strategies }: TransferResult): TransferChart | null {
  const values = Object.entries(strategies).flatMap(([strategy, { fractions }]) =>
    fractions.map(({ fraction, final, deviation }) => ({
      series: strategy,
      fraction,
      auc: final,
      deviation,
    })),
  );
  const fractions = [...new Set(values.map(({ fraction }) => fraction))].sort((a, b) => a - b);
  if (fractions.length < 2) return null;
  const auc = aucName(measure);
  const styles = stylesOf(strategyStyles, Object.keys(strategies) as Strategy[]);
  const x = {
    field: 'fraction',
    type: 'quantitative' as const,
    title: "share of the task's training samples",
    scale: { type: 'log' as const, nice: false, padding: 12 },
    axis: { values: fractions, labelExpr: PERCENT_LABEL, grid: false },
  };
  const y = aucAxis(auc);
  const bars = values.flatMap(({ deviation, ...value }) =>
    deviation === null ? [] : [{ ...value, auc: value.auc - deviation, high: value.auc + deviation }],
  );
  return {
    name: 'fractions',
    title: `Final ${auc} of ${task} by share of its samples`,
    description: `${Object.entries(strategies)
      .map(([strategy, { fractions: at }]) => {
        const finals = at.map(({ fraction, final }) => `${final.toFixed(4)} with ${percent(fraction)}`);
        return `${strategy} ${finals.join(', ')}`;
      })
      .join('; ')}.`,
    caption:
      `Final ${auc} on the evaluation period by the share of the new task's training samples (logarithmic)` +
      `${bars.length > 0 ? ', mean over the seeds. Bars: one standard deviation to both sides' : ''}.`,
    spec: seriesChart(`Final ${auc} of ${task}`, styles, [
      {
        data: { values: bars },
        mark: { type: 'rule', strokeWidth: 1.5 },
        encoding: { x, y, y2: { field: 'high' }, color: look(styles).color },
      },
      ...lineAndPoints(values, { x, y, styles }),
    ]),
  };
}
