/** Which classes are taken for which: a square for each label and predicted class. */
import { percent } from '../../common/percent.js';
import { palette } from '../palette.js';
import { TITLE_LIMIT } from '../series-chart.js';
import type { ReportChart } from '../write-report.js';

const SIZE = 340;
/** With more classes there is no room for numbers. */
const MOST_NUMBERS = 10;
/** Numbers on a square of the strongest colour have a contrast of 4.5. */
const STRONGEST = 0.45;

/** `confusion` is weight by [label][predicted class]; null where there is none. */
export function confusionChart(
  task: string,
  confusion: readonly (readonly number[])[] | null,
): ReportChart | null {
  if (!confusion) return null;
  const classes = confusion.length;
  const cells = confusion.flatMap((row, label) => {
    const total = row.reduce((sum, weight) => sum + weight, 0);
    if (total === 0) return [];
    return row.map((weight, predicted) => ({
      label,
      predicted,
      share: weight / total,
      text: `${Math.round((100 * weight) / total)}`,
      opacity: STRONGEST * (weight / total),
    }));
  });
  if (cells.length === 0) return null;
  const numbered = classes <= MOST_NUMBERS;
  const title = `Confusion of ${task}`;
  const axis = (field: string, axisTitle: string) => ({
    field,
    type: 'ordinal' as const,
    title: axisTitle,
    scale: { domain: confusion.map((_, at) => at), paddingInner: 0.04, paddingOuter: 0 },
    axis: { domain: false, ticks: false, labelAngle: 0, labelOverlap: true },
  });
  const encoding = { x: axis('predicted', 'predicted class'), y: axis('label', 'label') };
  return {
    name: `confusion-${task}`,
    title,
    description: `${cells
      .filter(({ label, predicted }) => label === predicted)
      .map(({ label, share }) => `of label ${label} ${percent(share)} are predicted as such`)
      .join('; ')}.`,
    caption:
      'Of the samples of each label (row), the share that is predicted as each class, ' +
      `${numbered ? 'in per cent' : 'darker for more'}. The diagonal is right.`,
    spec: {
      title: { text: title, limit: TITLE_LIMIT },
      padding: 8,
      width: SIZE,
      height: SIZE,
      data: { values: cells },
      layer: [
        { mark: { type: 'rect', fill: palette.panel.light }, encoding },
        {
          mark: { type: 'rect', fill: palette.blue.light },
          encoding: { ...encoding, fillOpacity: { field: 'opacity', type: 'quantitative', scale: null } },
        },
        ...(numbered
          ? [
              {
                mark: { type: 'text' as const, color: palette.ink.light, fontSize: 13 },
                encoding: { ...encoding, text: { field: 'text' } },
              },
            ]
          : []),
      ],
    },
  };
}
