import { describe, expect, it } from 'vitest';
import { STRATEGIES } from '../../src/common/strategies.js';
import { summariseTransfer } from '../../src/experiments/summarise-transfer.js';
import { renderChart } from '../../src/report/chart.js';
import { strategyStyles } from '../../src/report/strategy-style.js';
import { type TransferChart, transferCharts } from '../../src/report/transfer-charts.js';
import { plan, point, run, runs } from '../experiments/transfer-example.js';
import { textsOf, type XmlElement, xmlElements } from './xml-elements.js';

/** The example, and a run of each strategy that it lacks. */
const all = summariseTransfer(plan, [
  ...runs,
  run('retrain-single', 1, 1, 0.6, [point(0, 0.5), point(200, 0.6)]),
  run('representation', 1, 1, 0.65, [point(0, 0.5), point(200, 0.65)]),
]);

/** Width and height of the plot, from the axes' lines, and what the marks of a chart are. */
async function drawn(chart: TransferChart) {
  const elements = xmlElements(await renderChart(chart));
  const lines = elements.filter(
    ({ name, attributes }) => name === 'path' && attributes['stroke-dasharray'] && attributes.d,
  );
  return { elements, texts: textsOf(elements), lines };
}

describe('transferCharts', () => {
  const charts = transferCharts(all);
  const [steps, samples, seconds, fractions] = charts;

  it('are curves by steps, samples and seconds, and a chart of the fractions', () => {
    expect(charts.map(({ name }) => name)).toEqual(['steps', 'samples', 'seconds', 'fractions']);
    expect(transferCharts(summariseTransfer({ ...plan, fractions: [1] }, runs))).toHaveLength(3);
    expect(transferCharts(summariseTransfer(plan, []))).toEqual([]);
  });

  it('name each strategy', async () => {
    for (const chart of charts) {
      const { texts } = await drawn(chart);
      expect(texts).toEqual(expect.arrayContaining([...STRATEGIES]));
      for (const strategy of STRATEGIES) expect(chart.description).toContain(strategy);
    }
  });

  it('tell strategies apart by colour, dashes and shape', async () => {
    const styles = Object.values(strategyStyles);
    for (const looks of [
      styles.map(({ colour }) => colour),
      styles.map(({ dash }) => dash.join()),
      styles.map(({ shape }) => shape),
    ]) {
      expect(new Set(looks).size).toBe(STRATEGIES.length);
    }
    const { lines } = await drawn(steps!);
    const found = lines.map(({ attributes }) => [attributes.stroke, attributes['stroke-dasharray']]);
    expect(found).toEqual(styles.map(({ colour, dash }) => [colour, dash.join()]));
  });

  it('show the mean curves of the largest fraction on a logarithmic axis with a 0', async () => {
    const { lines } = await drawn(steps!);
    const fineTune = coordinates(lines[3]!);
    // log(1 + step / 50) of the steps 0, 50, 100, of which 200 is at the right end of 340.
    [0, 1, 2].forEach((at) => {
      expect(fineTune[at]![0]).toBeCloseTo((340 * Math.log(1 + at)) / Math.log(5), 1);
    });
    expect(fineTune).toHaveLength(3);
    // AUCs of .51, .7, .7: the axis goes from .5 (230) to .72 or so (0).
    const [first, second, third] = fineTune.map(([, y]) => y);
    expect(second).toBe(third);
    const retrainAll = coordinates(lines[1]!).map(([, y]) => y);
    expect(retrainAll[0]! - first!).toBeCloseTo((retrainAll[0]! - second!) / 20, 1);
    expect(retrainAll[2]).toBeCloseTo(second!, 1);
  });

  it('have an axis of AUC that does not begin at 0', async () => {
    for (const chart of charts) {
      const { texts } = await drawn(chart);
      const labels = texts.filter((text) => /^0\.\d+$/.test(text)).map(Number);
      expect(labels.length).toBeGreaterThan(2);
      expect(Math.min(...labels.filter((label) => label > 0.4))).toBe(Math.min(...labels));
    }
  });

  it('have a line across at 99 % of retrain-all, where there is one', async () => {
    for (const chart of [steps!, samples!, seconds!]) {
      expect((await drawn(chart)).texts).toContain('99 % of retrain-all');
      expect(chart.description).toMatch(/99 % of retrain-all: 0\.6980\.$/);
    }
    const others = runs.filter(({ strategy }) => strategy !== 'retrain-all');
    const [without] = transferCharts(summariseTransfer(plan, others));
    expect((await drawn(without!)).texts).not.toContain('99 % of retrain-all');
    expect(without!.caption).not.toContain('retrain-all');
  });

  it('have titles of their own', async () => {
    const titles = await Promise.all(charts.map(async (chart) => (await drawn(chart)).texts));
    ['by steps', 'by samples', 'by seconds'].forEach((by, at) => {
      expect(titles[at]).toContain(`AUC of spp ${by}`);
    });
  });

  it('ring the weights that were chosen, at the AUC of the table', async () => {
    const { elements, lines } = await drawn(steps!);
    const rings = elements.filter(
      ({ name, attributes }) =>
        name === 'path' && attributes.fill === undefined && attributes['stroke-width'] === '1.5',
    );
    expect(rings.map(({ attributes }) => attributes.stroke)).toEqual(
      STRATEGIES.map((strategy) => strategyStyles[strategy].colour),
    );
    const places = rings.map(({ attributes }) =>
      /translate\(([\d.]+),([\d.]+)/.exec(attributes.transform!)!.slice(1).map(Number),
    );
    // Of one seed, the last point of its curve.
    const [x, y] = coordinates(lines[0]!).at(-1)!;
    expect(places[0]![0]).toBeCloseTo(x!, 2);
    expect(places[0]![1]).toBeCloseTo(y!, 2);
    // Fine-tune's seeds chose steps 100 and 130, its curve ends at 100.
    expect(places[3]![0]).toBeCloseTo((340 * Math.log(1 + 115 / 50)) / Math.log(5), 1);
    expect(steps!.description).toContain('chosen with 0.7000');
    expect(steps!.caption).toContain('Ring: the weights that the validation part chose');
  });

  it('show shares of the samples as percent, and a bar where there are two seeds', async () => {
    const { texts, elements } = await drawn(fractions!);
    expect(texts).toEqual(expect.arrayContaining(['10 %', '100 %']));
    // Retrain-all with both fractions, fine-tune with the larger.
    const bars = elements.filter(
      ({ name, attributes }) => name === 'line' && attributes['stroke-width'] === '1.5',
    );
    expect(bars).toHaveLength(3);
    expect(fractions!.description).toContain('fine-tune 0.6000 with 10 %, 0.7000 with 100 %');
  });

  it('call the measure of a task of several classes macro AUC', async () => {
    const [chart] = transferCharts({ ...all, measure: 'macroAuc' });
    expect((await drawn(chart!)).texts).toEqual(
      expect.arrayContaining(['macro AUC', 'macro AUC of spp by steps']),
    );
  });
});

/** Of a path of straight lines. */
function coordinates({ attributes }: XmlElement): number[][] {
  return attributes
    .d!.slice(1)
    .split('L')
    .map((pair) => pair.split(',').map(Number));
}
