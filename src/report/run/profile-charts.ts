/** The data of a run: lengths of histories, kinds of behaviours, and the days. */
import { percent } from '../../common/percent.js';
import { SPLITS } from '../../common/prepared.js';
import type { DataProfile } from '../../evaluation/data-profile.js';
import { COUNT_LABEL } from '../count-label.js';
import { dayAxis, daysText, dayTime } from '../day-axis.js';
import { palette } from '../palette.js';
import { PERCENT_LABEL } from '../percent-label.js';
import { rowChart } from '../row-chart.js';
import { type Layer, lineAndPoints, seriesChart } from '../series-chart.js';
import { type SeriesStyles, stylesFor } from '../series-style.js';
import type { ReportChart } from '../write-report.js';

/** Where the evaluation begins and ends, as local time read as UTC, in milliseconds. */
export interface EvaluationBounds {
  readonly from: number;
  /** Null: with the log. */
  readonly to: number | null;
}

const PARTS = stylesFor(SPLITS);
const MOST_FIELDS = 4;
const HALF_DAY = 43_200_000;
/** With more days, points would touch. */
const MOST_POINTS = 31;
const MOST_LABELS = 7;

export function profileCharts(profile: DataProfile, bounds: EvaluationBounds): ReportChart[] {
  return [
    lengthChart(profile),
    ...profile.properties.slice(0, MOST_FIELDS).map(propertyChart),
    eventsChart(profile, bounds),
    requestsChart(profile, bounds),
  ].flatMap((chart) => chart ?? []);
}

function lengthChart({ lengths }: DataProfile): ReportChart | null {
  const parts = SPLITS.flatMap((part) => {
    const total = lengths.reduce((sum, { requests }) => sum + requests[part], 0);
    return total > 0 ? [{ part, total }] : [];
  });
  if (parts.length === 0) return null;
  const values = parts.flatMap(({ part, total }) =>
    lengths.map(({ behaviours, requests }) => ({
      series: part,
      bin: behaviours,
      share: requests[part] / total,
    })),
  );
  const step = Math.ceil(lengths.length / MOST_LABELS);
  const bins = lengths.map(({ behaviours }) => behaviours);
  const title = 'Behaviours in a history';
  const x = {
    field: 'bin',
    type: 'ordinal' as const,
    title: 'behaviours',
    sort: bins,
    scale: { type: 'point' as const, padding: 0.3 },
    axis: { values: bins.filter((_, bin) => bin % step === 0), labelAngle: 0, grid: false },
  };
  const y = {
    field: 'share',
    type: 'quantitative' as const,
    title: 'requests of the part',
    axis: { labelExpr: PERCENT_LABEL, tickCount: 5 },
  };
  const empty = parts.map(({ part, total }) => {
    const of = lengths.filter(({ behaviours }) => behaviours === '0');
    return `${part} ${percent(of.reduce((sum, { requests }) => sum + requests[part], 0) / total)}`;
  });
  const styles = stylesOfParts(parts.map(({ part }) => part));
  return {
    name: 'lengths',
    title,
    description: `${parts
      .map(({ part }) => {
        const most = lengths.reduce((a, b) => (b.requests[part] > a.requests[part] ? b : a));
        return `${part}: most often ${most.behaviours} behaviours, ${most.requests[part]} requests`;
      })
      .join('; ')}.`,
    caption: `Requests by the number of behaviours before them. Without any: ${empty.join(', ')}.`,
    spec: seriesChart(title, styles, lineAndPoints(values, { x, y, styles })),
  };
}

function propertyChart({ field, values }: DataProfile['properties'][number]): ReportChart | null {
  if (values.length === 0) return null;
  const total = values.reduce((sum, { events }) => sum + events, 0);
  const title = `Events by ${field}`;
  return {
    name: `property-${field}`,
    title,
    description: `${values
      .map(({ value, events }) => `${value} ${events} (${percent(events / (total || 1))})`)
      .join('; ')}.`,
    caption: `Events of the log by ${field}, the most frequent first.`,
    spec: rowChart({
      title,
      rows: values.map(({ value, events }) => ({
        name: value,
        points: [{ series: 'events', value: events }],
      })),
      styles: stylesFor(['events']),
      axis: { title: 'events', labels: COUNT_LABEL },
      bars: true,
    }),
  };
}

function eventsChart({ eventsByDay }: DataProfile, bounds: EvaluationBounds): ReportChart | null {
  if (eventsByDay.length === 0) return null;
  const counts = eventsByDay.map(({ events }) => events);
  return dailyChart({
    name: 'events-by-day',
    title: 'Events by day',
    caption: 'Events of the log by local day.',
    description: `${counts.reduce((sum, count) => sum + count, 0)} events, ${Math.min(...counts)} to ${Math.max(...counts)} a day`,
    days: eventsByDay.map(({ day }) => day),
    values: eventsByDay.map(({ day, events }) => ({ series: 'events', day: dayTime(day), value: events })),
    styles: stylesFor(['events']),
    bounds,
  });
}

function requestsChart({ requestsByDay }: DataProfile, bounds: EvaluationBounds): ReportChart | null {
  if (requestsByDay.length === 0) return null;
  const parts = SPLITS.filter((part) => requestsByDay.some(({ split }) => split === part));
  const totals = parts.map((part) => {
    const requests = requestsByDay.flatMap(({ split, requests: count }) => (split === part ? [count] : []));
    return `${part} ${requests.reduce((sum, count) => sum + count, 0)}`;
  });
  return dailyChart({
    name: 'requests-by-day',
    title: 'Requests by day',
    caption: `Requests by local day and part: ${totals.join(', ')}.`,
    description: `Requests: ${totals.join(', ')}`,
    days: [...new Set(requestsByDay.map(({ day }) => day))].sort(),
    values: requestsByDay.map(({ day, split, requests }) => ({
      series: split,
      day: dayTime(day),
      value: requests,
    })),
    styles: stylesOfParts(parts),
    bounds,
  });
}

function dailyChart({
  days,
  values,
  styles,
  bounds,
  title,
  description,
  caption,
  ...chart
}: Pick<ReportChart, 'name' | 'title' | 'description' | 'caption'> & {
  readonly days: readonly string[];
  readonly values: readonly { readonly series: string; readonly day: number; readonly value: number }[];
  readonly styles: SeriesStyles;
  readonly bounds: EvaluationBounds;
}): ReportChart {
  const x = dayAxis(days);
  const y = {
    field: 'value',
    type: 'quantitative' as const,
    title: title.split(' ')[0]!.toLowerCase(),
    axis: { labelExpr: COUNT_LABEL, tickCount: 5 },
  };
  // A day stands at its midnight, so what comes between two days stands half a day before that.
  const isShown = (bound: number) =>
    bound > dayTime(days[0]!) - HALF_DAY && bound < dayTime(days.at(-1)!) + HALF_DAY;
  const shown = [bounds.from, bounds.to].flatMap((bound) =>
    bound !== null && isShown(bound - HALF_DAY) ? [bound - HALF_DAY] : [],
  );
  const pointed = days.length <= MOST_POINTS;
  const [line, points] = lineAndPoints(values, { x, y, styles }) as [Layer, Layer];
  return {
    ...chart,
    title,
    description: `${description}; ${daysText(days)}.`,
    caption: caption + boundsText(shown, bounds),
    spec: seriesChart(
      title,
      styles,
      [
        ...(shown.length > 0
          ? [
              {
                data: { values: shown.map((day) => ({ day })) },
                mark: { type: 'rule' as const, color: palette.faint.light, strokeDash: [4, 3] },
                encoding: { x },
              } satisfies Layer,
            ]
          : []),
        line,
        ...(pointed ? [points] : []),
      ],
      { marks: Object.keys(styles).length === 1 ? 'none' : pointed ? 'both' : 'lines' },
    ),
  };
}

function boundsText(shown: readonly number[], { from }: EvaluationBounds): string {
  if (shown.length === 2) return ' Between the dashed lines: the evaluation.';
  if (shown.length === 0) return '';
  return ` Dashed line: here the evaluation ${shown[0] === from - HALF_DAY ? 'begins' : 'ends'}.`;
}

const stylesOfParts = (parts: readonly string[]): SeriesStyles =>
  Object.fromEntries(Object.entries(PARTS).filter(([part]) => parts.includes(part)));
