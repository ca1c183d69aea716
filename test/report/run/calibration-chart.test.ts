import { describe, expect, it } from 'vitest';
import { renderChart } from '../../../src/report/chart.js';
import { calibrationChart } from '../../../src/report/run/calibration-chart.js';
import { textsOf, xmlElements } from '../xml-elements.js';

/** With the deviation of as many independent samples. */
const bin = (predicted: number, observed: number, weight = 10) => ({
  ...{ samples: weight, weight, predicted, observed },
  deviation: weight > 0 ? Math.sqrt((predicted * (1 - predicted)) / weight) : 0,
});

/** The same of ten thousand times as many samples. */
const sure = (predicted: number, observed: number) => bin(predicted, observed, 1e5);

async function labels(...bins: ReturnType<typeof bin>[]): Promise<string[]> {
  const chart = calibrationChart('ctr', bins, 'a positive')!;
  return textsOf(xmlElements(await renderChart(chart))).filter((text) => text.endsWith(' %'));
}

/** Where the circles are: [x, y] from the left and the bottom of the lowest one. */
async function spreadOfCircles(...bins: ReturnType<typeof bin>[]): Promise<number[]> {
  const svg = await renderChart(calibrationChart('ctr', bins, 'a positive')!);
  const circles = xmlElements(svg).filter(
    ({ name, attributes }) => name === 'path' && /^M[\d.,]+A/.test(attributes.d ?? ''),
  );
  const at = circles.map(({ attributes }) => Number(/translate\(([\d.]+),/.exec(attributes.transform!)![1]));
  return at.map((x) => x - at[0]!);
}

describe('calibrationChart', () => {
  it('is logarithmic where rates differ much, so that low ones are not in a corner', async () => {
    const [, second, third] = await spreadOfCircles(
      ...[sure(0.003, 0.003), sure(0.03, 0.03), sure(0.3, 0.3)],
    );
    expect(second).toBeGreaterThan(100);
    expect(third! - second!).toBeCloseTo(second!, 0);
    expect(await labels(sure(0.003, 0.004), sure(0.12, 0.1))).toEqual(
      expect.arrayContaining(['0.5 %', '1 %', '2 %', '5 %', '10 %']),
    );
  });

  it('is linear where they do not, with as much range as they need', async () => {
    const [, second, third] = await spreadOfCircles(sure(0.3, 0.3), sure(0.4, 0.4), sure(0.6, 0.6));
    expect(third).toBeCloseTo(3 * second!, 0);
    const shown = (await labels(sure(0.3, 0.3), sure(0.6, 0.6))).map((text) => Number.parseFloat(text));
    expect(Math.min(...shown)).toBeGreaterThan(20);
    expect(Math.max(...shown)).toBeLessThan(70);
  });

  it('shows a group in which nothing came as such', async () => {
    const chart = calibrationChart('ctr', [bin(0.001, 0), bin(0.02, 0.02)], 'a positive')!;
    expect(chart.caption).toContain('nothing observed (1)');
    const shapes = xmlElements(await renderChart(chart)).flatMap(({ attributes }) =>
      attributes.d && attributes.transform ? [attributes.d] : [],
    );
    expect(shapes.filter((d) => !d.includes('A') && d.endsWith('Z')).length).toBe(1);
  });

  it('says in words what was predicted and observed, weighted', () => {
    // In all (.1 * 10 + .5 * 30) / 40 and (.2 * 10 + .4 * 30) / 40.
    expect(calibrationChart('ctr', [bin(0.1, 0.2), bin(0.5, 0.4, 30)], 'a positive')!.description).toBe(
      'In all predicted 40 %, observed 35 %; lowest of 2 groups predicted 10 %, observed 20 %; highest predicted 50 %, observed 40 %. ' +
        'None of 2 groups lies outside of what chance allows.',
    );
  });

  it('is none without weight, and works with one group, certain or impossible', async () => {
    expect(calibrationChart('ctr', [], 'a positive')).toBeNull();
    expect(calibrationChart('ctr', [bin(0.5, 0.5, 0)], 'a positive')).toBeNull();
    for (const only of [bin(0.5, 0.5), bin(0, 0), bin(1, 1), bin(0.5, 0)]) {
      xmlElements(await renderChart(calibrationChart('ctr', [only], 'a positive')!));
    }
  });

  it('has a bar around each prediction, as wide as 1.96 deviations to both sides', async () => {
    // Of .3 and .5, deviations .02 and .05: .2608 to .3392 and .402 to .598; no line between the groups.
    const bins = [
      { ...bin(0.3, 0.35, 500), deviation: 0.02 },
      { ...bin(0.5, 0.45, 100), deviation: 0.05 },
    ];
    const chart = calibrationChart('ctr', bins, 'a positive')!;
    expect(chart.caption).toBe(
      'Probability of a positive, in groups of 100 to 500 samples. 1 of 2 groups lies outside of what chance allows.',
    );
    const elements = xmlElements(await renderChart(chart));
    const bars = elements.filter(
      ({ name, attributes }) => name === 'line' && attributes['stroke-width'] === '3',
    );
    const [narrow, wide] = bars.map(({ attributes }) => Math.abs(Number(attributes.y2)));
    expect(bars.length).toBe(2);
    expect(wide! / narrow!).toBeCloseTo(2.5, 2);
    const lines = elements.filter(
      ({ name, attributes }) => name === 'path' && attributes.fill !== 'none' && /L/.test(attributes.d ?? ''),
    );
    expect(lines.every(({ attributes }) => attributes.stroke !== '#0b6bb0')).toBe(true);
  });

  it('keeps the bars within probabilities, and says that samples are weighted', async () => {
    const bins = [{ ...bin(0.95, 1, 4), deviation: 0.2, samples: 3 }];
    const chart = calibrationChart('ctr', bins, 'a positive')!;
    expect(chart.caption).toContain('in groups of 3 weighted samples. None of 1 group lies outside');
    const texts = await labels(...bins);
    expect(texts.map((text) => Number.parseFloat(text)).filter((percent) => percent > 100)).toEqual([]);
  });
});
