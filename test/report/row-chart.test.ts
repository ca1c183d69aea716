import { describe, expect, it } from 'vitest';
import { renderChart } from '../../src/report/chart.js';
import { palette } from '../../src/report/palette.js';
import { rowChart } from '../../src/report/row-chart.js';
import { stylesFor } from '../../src/report/series-style.js';
import { textsOf, xmlElements } from './xml-elements.js';

const draw = (spec: ReturnType<typeof rowChart>) => renderChart({ spec, title: 't', description: 'd' });

const chart = rowChart({
  title: 'Rows',
  rows: [
    { heading: 'group' },
    { name: 'a name with more signs than there is room for', points: [{ series: 's', value: 1 }] },
    { name: 'b', points: [{ series: 's', value: 3, interval: { low: 2, high: 5 } }] },
  ],
  styles: stylesFor(['s']),
  axis: { title: 'value' },
  rule: 4,
});

describe('rowChart', () => {
  it('has a heading, names that end where the plot begins, and a point in each row', async () => {
    const elements = xmlElements(await draw(chart));
    expect(textsOf(elements).filter((text) => !/^[\d.]+$/.test(text))).toEqual(
      expect.arrayContaining(['group', 'a name with more si…', 'b', 'value', 'Rows']),
    );
    const points = elements.filter(({ name, attributes }) => name === 'path' && /A/.test(attributes.d ?? ''));
    expect(points.length).toBe(2);
  });

  it('has a whisker where there is an interval, and a line through all rows', async () => {
    const elements = xmlElements(await draw(chart));
    const lines = (stroke: string) =>
      elements.filter(({ name, attributes }) => name === 'line' && attributes.stroke === stroke);
    expect(lines(palette.blue.light).length).toBe(1);
    const [whisker] = lines(palette.blue.light);
    const dashed = elements.filter(({ attributes }) => attributes['stroke-dasharray'] === '4,3');
    expect(dashed.length).toBe(1);
    const left = (of: typeof whisker) => Number(/translate\(([\d.]+)/.exec(of!.attributes.transform!)![1]);
    // The whisker goes from 2 to 5, the line is at 4.
    expect(left(dashed[0]) - left(whisker)).toBeCloseTo((2 / 3) * Number(whisker!.attributes.x2), 0);
  });

  it('draws bars from zero', async () => {
    const bars = rowChart({
      title: 'Bars',
      rows: [
        { name: 'a', points: [{ series: 's', value: 200 }] },
        { name: 'b', points: [{ series: 's', value: 100 }] },
      ],
      styles: stylesFor(['s']),
      axis: { title: 'events' },
      bars: true,
    });
    const lengths = xmlElements(await draw(bars)).flatMap(({ name, attributes }) =>
      name === 'line' && attributes['stroke-width'] === '11' ? [Math.abs(Number(attributes.x2))] : [],
    );
    expect(lengths.length).toBe(2);
    expect(lengths[0]).toBeCloseTo(2 * lengths[1]!, 3);
  });
});
