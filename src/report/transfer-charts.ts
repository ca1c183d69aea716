/** The charts of a transfer. */
import type { TransferResult } from '../experiments/transfer-result.js';
import { curveCharts } from './curve-charts.js';
import { fractionChart } from './fraction-chart.js';
import type { ReportChart } from './write-report.js';

export interface TransferChart extends ReportChart {
  readonly name: 'steps' | 'samples' | 'seconds' | 'fractions';
}

/** None where nothing is measured; that of the fractions only where there are several. */
export function transferCharts(result: TransferResult): TransferChart[] {
  const ofFractions = fractionChart(result);
  return [...curveCharts(result), ...(ofFractions ? [ofFractions] : [])];
}
