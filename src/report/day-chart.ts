/** A chart with a line for each model of a backtest, from day to day. */
import type { BacktestModel } from '../common/backtest-models.js';
import type { BacktestResult, DayOfModel } from '../experiments/backtest-result.js';
import { backtestStyles } from './backtest-style.js';
import { dayAxis, dayTime } from './day-axis.js';
import { type Layer, lineAndPoints, seriesChart } from './series-chart.js';
import { stylesOf } from './series-style.js';
import type { ReportChart } from './write-report.js';

export interface DayChart extends Pick<ReportChart, 'name' | 'title' | 'caption'> {
  /** Null leaves a gap. */
  readonly value: (
    day: DayOfModel,
    models: Readonly<Partial<Record<BacktestModel, DayOfModel>>>,
  ) => number | null;
  readonly axis: {
    readonly title: string;
    /** Whether it begins at 0, rather than near the lowest value. */
    readonly zero: boolean;
  };
  /** Behind the lines, with the axis as their `y`. */
  readonly behind?: (y: ReturnType<typeof valueAxis>) => Layer[];
  readonly describe: (values: readonly number[]) => string;
}

const ALONE = 0.01;

/** Null where no model has a value. */
export function dayChart({ days, models }: BacktestResult, chart: DayChart): ReportChart | null {
  const { name, title, caption, value, axis, behind, describe } = chart;
  const lines = models.flatMap((model) => {
    const points = days.map((day) => {
      const of = day.models[model];
      return { series: model, day: dayTime(day.day), value: of ? value(of, day.models) : null };
    });
    const values = points.flatMap((point) => point.value ?? []);
    return values.length > 0 ? [{ model, points, values }] : [];
  });
  if (lines.length === 0) return null;
  const styles = stylesOf(
    backtestStyles,
    lines.map(({ model }) => model),
  );
  const x = dayAxis(days.map(({ day }) => day));
  const y = valueAxis(
    axis,
    lines.flatMap(({ values }) => values),
  );
  return {
    name,
    title: `${title} by day`,
    description: `${x.title}. ${lines.map(({ model, values }) => `${model} ${describe(values)}`).join('; ')}.`,
    caption,
    spec: seriesChart(title, styles, [
      ...(behind?.(y) ?? []),
      ...lineAndPoints(
        lines.flatMap(({ points }) => points),
        { x, y, styles },
      ),
    ]),
  };
}

/** Where all values are one, as on a first day, it is in the middle of a range of its own. */
function valueAxis({ title, zero }: DayChart['axis'], values: readonly number[]) {
  const [first] = values as [number, ...number[]];
  const alone = values.every((value) => value === first) && (!zero || first === 0);
  const scale = alone ? { domain: [first - ALONE, first + ALONE], zero: false } : { zero, nice: true };
  return { field: 'value', type: 'quantitative' as const, title, scale };
}
