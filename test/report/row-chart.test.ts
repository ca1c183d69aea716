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
  it('has a heading, names in two lines where they are long, and a point in each row', async () => {
    const elements = xmlElements(await draw(chart));
    expect(textsOf(elements).filter((text) => !/^[\d.]+$/.test(text))).toEqual(
      expect.arrayContaining([
        ...['group', 'a name with more', 'signs than there is…', 'b', 'value', 'Rows'],
      ]),
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

  it('has all plots begin at one place, long names in two lines and what stands behind them never cut', async () => {
    const named = (...names: string[]) =>
      rowChart({
        title: 'Rows',
        rows: names.map((name) => ({ name, note: '12', points: [{ series: 's', value: 1 }] })),
        styles: stylesFor(['s']),
        axis: { title: 'value' },
      });
    const size = (svg: string) => /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg)!.slice(1).map(Number);
    const lines = async (svg: string) => textsOf(xmlElements(svg)).slice(0, -1);
    const short = await draw(named('a', 'b'));
    const long = await draw(named('a', 'x'.repeat(90)));
    expect(size(long)[0]).toBe(size(short)[0]);
    // A second line is seven tenths of a row of 22 pixels.
    expect(size(long)[1]! - size(short)[1]!).toBeCloseTo(0.7 * 22, 6);
    const x = (svg: string) =>
      xmlElements(svg)
        .filter(({ name, attributes }) => name === 'path' && /A/.test(attributes.d ?? ''))
        .map(({ attributes }) => /translate\(([\d.]+)/.exec(attributes.transform!)![1]);
    expect(x(long)).toEqual(x(short));
    expect(await lines(short)).toEqual(expect.arrayContaining(['a (12)', 'b (12)']));
    expect(await lines(long)).toEqual(expect.arrayContaining(['x'.repeat(21), `${'x'.repeat(15)}… (12)`]));
    const broken = await lines(
      await draw(named('candidate: 100-999 training samples', 'as long as that is')),
    );
    expect(broken).toEqual(
      expect.arrayContaining(['candidate: 100-999', 'training samples (12)', 'as long as that is', '(12)']),
    );
  });

  it('has a tick in a row alone', async () => {
    const ticked = rowChart({
      title: 'Rows',
      rows: [
        { name: 'a', points: [{ series: 's', value: 1 }], tick: 3 },
        { name: 'b', points: [{ series: 's', value: 3 }], tick: null },
      ],
      styles: stylesFor(['s']),
      axis: { title: 'value' },
    });
    const elements = xmlElements(await draw(ticked));
    const ticks = elements.filter(
      ({ name, attributes }) =>
        name === 'line' && attributes['stroke-width'] === '2' && attributes.stroke === palette.faint.light,
    );
    expect(ticks.length).toBe(1);
    const place = (transform: string) => /translate\(([\d.]+),([\d.]+)/.exec(transform)!.slice(1).map(Number);
    const [x, y] = place(ticks[0]!.attributes.transform!);
    // Over the point of the other row, which is at 3 too, and across the first row, which is 22 pixels high.
    const points = elements.filter(({ name, attributes }) => name === 'path' && /A/.test(attributes.d ?? ''));
    const [first, second] = points.map(({ attributes }) => place(attributes.transform!));
    expect(x).toBeCloseTo(second![0]!, 3);
    expect(Math.abs(y! - first![1]!)).toBeLessThan(11);
  });
});
