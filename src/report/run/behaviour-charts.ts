/** What a model does with behaviours that have something in common: attention, and how open the gates are. */
import type { BehaviourGroup, BehaviourGroups } from '../../evaluation/insight/insight.js';
import { palette } from '../palette.js';
import { type NamedRow, type RowPoint, rowChart } from '../row-chart.js';
import { type SeriesStyles, stylesFor } from '../series-style.js';
import type { ReportChart } from '../write-report.js';

export const BEHAVIOUR_TEXT =
  'Attention: mean weight of a behaviour times the length of its history, so that 1 (dashed) is an equal share. ' +
  'Gates of the recurrence: how far they are open for a behaviour, mean over the units, from 0 (shut) to 1. ' +
  'In brackets: behaviours that the mean is over.';

const MOST_GROUPS = 20;
/** A mean over fewer says little. */
const LEAST_BEHAVIOURS = 100;

const GATES = ['input', 'forget', 'output'] as const;

const ATTENTION: SeriesStyles = {
  attention: { colour: palette.blue.light, dash: [1, 0], shape: 'circle', about: 'mean attention' },
};

/** Attention by one thing, and gates where the model has some; nothing where no group has enough behaviours. */
export function behaviourCharts({ by, groups }: BehaviourGroups): ReportChart[] {
  const enough = groups.filter(({ behaviours }) => behaviours >= LEAST_BEHAVIOURS);
  if (enough.length === 0) return [];
  const shown = enough.slice(0, MOST_GROUPS);
  const caption = [
    ...(shown.length < enough.length ? [`The first ${shown.length} of ${enough.length}.`] : []),
    ...(enough.length < groups.length
      ? [`Left out: ${groups.length - enough.length} of fewer than ${LEAST_BEHAVIOURS} behaviours.`]
      : []),
  ].join(' ');
  const gated = shown.filter(({ gates }) => gates !== null);
  return [
    attentionChart(by, shown, { caption, gated: gated.length > 0 }),
    ...(gated.length > 0 ? [gatesChart(by, gated, caption)] : []),
  ];
}

/** What behaviours are grouped by besides their properties. */
const BY: Readonly<Record<string, string>> = { age: 'time ago', place: 'place in the history' };

export const byText = (by: string): string => BY[by] ?? by;

const rowOf = ({ value, behaviours }: BehaviourGroup, points: readonly RowPoint[]): NamedRow => ({
  name: value,
  note: behaviours.toLocaleString('en-US'),
  points,
});

function attentionChart(
  by: string,
  groups: readonly BehaviourGroup[],
  { caption, gated }: { readonly caption: string; readonly gated: boolean },
): ReportChart {
  const title = `Attention by ${byText(by)}`;
  return {
    name: `attention-${by}`,
    title,
    description: `${groups.map(({ value, attention }) => `${value} ${attention.toFixed(2)}`).join('; ')}.`,
    caption,
    spec: rowChart({
      title,
      rows: groups.map((group) => rowOf(group, [{ series: 'attention', value: group.attention }])),
      styles: ATTENTION,
      axis: { title: 'attention, equal share = 1', zero: true },
      rule: 1,
      besideLegend: gated,
    }),
  };
}

function gatesChart(by: string, groups: readonly BehaviourGroup[], caption: string): ReportChart {
  const title = `Gates by ${byText(by)}`;
  return {
    name: `gates-${by}`,
    title,
    description: `${groups
      .map(
        ({ value, gates }) =>
          `${value} ${GATES.map((gate) => `${gate} ${gates![gate].toFixed(2)}`).join(', ')}`,
      )
      .join('; ')}.`,
    caption,
    spec: rowChart({
      title,
      rows: groups.map((group) =>
        rowOf(
          group,
          GATES.map((gate) => ({ series: gate, value: group.gates![gate] })),
        ),
      ),
      styles: stylesFor(GATES),
      axis: { title: 'mean opening', domain: [0, 1] },
      legend: true,
    }),
  };
}
