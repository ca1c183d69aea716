/** Charts as figures of a page. */
import { renderChart } from './chart.js';
import type { Figure } from './page.js';
import type { ReportChart } from './write-report.js';

export interface NamedFigure extends Figure {
  readonly name: string;
}

export async function drawFigures(charts: readonly ReportChart[]): Promise<NamedFigure[]> {
  const figures: NamedFigure[] = [];
  for (const chart of charts) {
    figures.push({ name: chart.name, svg: await renderChart(chart), caption: chart.caption });
  }
  return figures;
}
