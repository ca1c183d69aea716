/** How much each ranking feature counts for a task that ranks, over the users. */

import { signed } from '../../common/signed.js';
import type { FeatureWeight } from '../../evaluation/insight/insight.js';
import { palette } from '../palette.js';
import { rowChart } from '../row-chart.js';
import type { ReportChart } from '../write-report.js';

const MOST_FEATURES = 30;
/** The same for all candidates of a request: it moves their scores and not their order, and is often far larger. */
const CONSTANT = 'constant';

const STYLES = {
  weight: { colour: palette.blue.light, dash: [1, 0], shape: 'circle', about: 'mean weight' },
};

/** Null without a feature beside the constant. */
export function featureChart(task: string, weights: readonly FeatureWeight[]): ReportChart | null {
  const features = weights.filter(({ feature }) => feature !== CONSTANT);
  if (features.length === 0) return null;
  const constant = weights.find(({ feature }) => feature === CONSTANT);
  const shown = features.slice(0, MOST_FEATURES);
  const title = `Feature weights of ${task}`;
  return {
    name: `features-${task}`,
    title,
    description: `${shown
      .map(({ feature, mean, low, high }) => `${feature} ${signed(mean)} (${signed(low)} to ${signed(high)})`)
      .join('; ')}.`,
    caption:
      `What a step of one deviation in a feature adds to the score of ${task}: mean over the requests, and the range ` +
      'from 10 to 90 % of them, which shows how far people differ. Largest first' +
      `${shown.length < features.length ? `, ${shown.length} of ${features.length}` : ''}.` +
      (constant ? ` The constant is not drawn: ${signed(constant.mean)}.` : ''),
    spec: rowChart({
      title,
      rows: shown.map(({ feature, mean, low, high }) => ({
        name: feature,
        points: [{ series: 'weight', value: mean, interval: { low, high } }],
      })),
      styles: STYLES,
      axis: { title: 'weight' },
      rule: 0,
    }),
  };
}
