/** The charts of a transfer. */
import type { TransferResult } from '../experiments/transfer-result.js';
import type { Chart } from './chart.js';
import { curveCharts } from './curve-charts.js';
import { fractionChart } from './fraction-chart.js';

export interface TransferChart extends Chart {
  /** Part of a file name. */
  readonly name: 'steps' | 'samples' | 'seconds' | 'fractions';
  readonly caption: string;
}

/** None where nothing is measured; that of the fractions only where there are several. */
export function transferCharts(result: TransferResult): TransferChart[] {
  const ofFractions = fractionChart(result);
  return [...curveCharts(result), ...(ofFractions ? [ofFractions] : [])];
}
