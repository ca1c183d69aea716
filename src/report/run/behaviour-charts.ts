/** What a model does with behaviours that have something in common: attention, and how open the gates are. */
import type { BehaviourGroup, BehaviourGroups } from '../../evaluation/insight/insight.js';
import { palette } from '../palette.js';
import { rowChart } from '../row-chart.js';
import { type SeriesStyles, stylesFor } from '../series-style.js';
import type { ReportChart } from '../write-report.js';

export const BEHAVIOUR_TEXT =
  'Attention: mean weight of a behaviour times the length of its history, so that 1 (dashed) is an equal share. ' +
  'Gates of the recurrence: how far they are open for a behaviour, mean over the units, from 0 (shut) to 1.';

const MOST_GROUPS = 20;

const GATES = ['input', 'forget', 'output'] as const;

const ATTENTION: SeriesStyles = {
  attention: { colour: palette.blue.light, dash: [1, 0], shape: 'circle', about: 'mean attention' },
};

/** Attention by one thing, and gates where the model has some; nothing where there is no group. */
export function behaviourCharts({ by, groups }: BehaviourGroups): ReportChart[] {
  if (groups.length === 0) return [];
  const shown = groups.slice(0, MOST_GROUPS);
  const rest = groups.length > shown.length ? `The first ${shown.length} of ${groups.length}.` : '';
  const gated = shown.filter(({ gates }) => gates !== null);
  return [attentionChart(by, shown, rest), ...(gated.length > 0 ? [gatesChart(by, gated, rest)] : [])];
}

function attentionChart(by: string, groups: readonly BehaviourGroup[], rest: string): ReportChart {
  const title = `Attention by ${by}`;
  return {
    name: `attention-${by}`,
    title,
    description: `${groups.map(({ value, attention }) => `${value} ${attention.toFixed(2)}`).join('; ')}.`,
    caption: rest,
    spec: rowChart({
      title,
      rows: groups.map(({ value, attention }) => ({
        name: value,
        points: [{ series: 'attention', value: attention }],
      })),
      styles: ATTENTION,
      axis: { title: 'attention, equal share = 1', zero: true },
      rule: 1,
    }),
  };
}

function gatesChart(by: string, groups: readonly BehaviourGroup[], rest: string): ReportChart {
  const title = `Gates by ${by}`;
  return {
    name: `gates-${by}`,
    title,
    description: `${groups
      .map(
        ({ value, gates }) =>
          `${value} ${GATES.map((gate) => `${gate} ${gates![gate].toFixed(2)}`).join(', ')}`,
      )
      .join('; ')}.`,
    caption: rest,
    spec: rowChart({
      title,
      rows: groups.map(({ value, gates }) => ({
        name: value,
        points: GATES.map((gate) => ({ series: gate, value: gates![gate] })),
      })),
      styles: stylesFor(GATES),
      axis: { title: 'mean opening', domain: [0, 1] },
      legend: true,
    }),
  };
}
