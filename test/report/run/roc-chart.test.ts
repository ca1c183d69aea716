import { describe, expect, it } from 'vitest';
import { renderChart } from '../../../src/report/chart.js';
import { palette } from '../../../src/report/palette.js';
import { rocChart } from '../../../src/report/run/roc-chart.js';
import { textsOf, xmlElements } from '../xml-elements.js';

const curve = (...pairs: [number, number][]) =>
  pairs.map(([falsePositiveRate, truePositiveRate]) => ({ falsePositiveRate, truePositiveRate }));

const good = curve([0, 0], [0.2, 0.6], [1, 1]);
const chance = curve([0, 0], [1, 1]);

describe('rocChart', () => {
  it('says what is found at which price, linear between the points', () => {
    // At .1 half of .6; at .5: .6 + 3/8 of .4; area .2 * .3 + .8 * .8.
    expect(rocChart('ctr', [{ series: 'model', points: good }], 'run')!.description).toBe(
      'finds 30 % of the positives at 10 % of the negatives and 75 % of the positives at 50 % of the negatives, area 0.700.',
    );
  });

  it('has no legend of one curve, and one of two', async () => {
    const one = xmlElements(await renderChart(rocChart('ctr', [{ series: 'a', points: good }], 'run')!));
    expect(textsOf(one)).not.toContain('a');
    const series = [
      { series: 'a', points: good },
      { series: 'b', points: chance },
    ];
    const two = textsOf(xmlElements(await renderChart(rocChart('ctr', series, 'run')!)));
    expect(two).toEqual(expect.arrayContaining(['a', 'b']));
  });

  it('keeps the look of a run where another has no curve', async () => {
    const series = [
      { series: 'a', points: null },
      { series: 'b', points: good },
    ];
    const chart = rocChart('ctr', series, 'run')!;
    expect(chart.description).toMatch(/^b: finds/);
    const strokes = xmlElements(await renderChart(chart)).map(({ attributes }) => attributes.stroke);
    expect(strokes).toContain(palette.orange.light);
    expect(strokes).not.toContain(palette.blue.light);
  });

  it('colours the best and the worst of many classes', async () => {
    const classes = Array.from({ length: 6 }, (_, at) => ({
      series: `class ${at}`,
      points: curve([0, 0], [0.2, 0.2 + at / 10], [1, 1]),
    }));
    const chart = rocChart('ppp', classes, 'class')!;
    expect(chart.caption).toContain('the largest and the smallest area');
    const elements = xmlElements(await renderChart(chart));
    expect(textsOf(elements).filter((text) => text.startsWith('class'))).toEqual(['class 5', 'class 0']);
    const lines = elements.filter(({ attributes }) => attributes.stroke === palette.faint.light);
    expect(
      lines.filter(({ name, attributes }) => name === 'path' && attributes['stroke-width'] === '1').length,
    ).toBeGreaterThanOrEqual(6);
  });

  it('is none without a curve', () => {
    expect(rocChart('ctr', [{ series: 'model', points: null }], 'run')).toBeNull();
    expect(rocChart('ctr', [], 'run')).toBeNull();
  });
});
