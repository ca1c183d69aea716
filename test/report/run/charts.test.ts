/** The charts of a run whose numbers are read from their words and colours. */
import { describe, expect, it } from 'vitest';
import { renderChart } from '../../../src/report/chart.js';
import { behaviourCharts } from '../../../src/report/run/behaviour-charts.js';
import { confusionChart } from '../../../src/report/run/confusion-chart.js';
import { differenceChart } from '../../../src/report/run/difference-chart.js';
import { featureChart } from '../../../src/report/run/feature-chart.js';
import { learningCharts } from '../../../src/report/run/learning-charts.js';
import { sliceChart } from '../../../src/report/run/slice-chart.js';
import { sliceTables } from '../../../src/report/run/slice-tables.js';
import { taskAreas } from '../../../src/report/run/task-area.js';
import { example } from '../run-example.js';
import { textsOf, xmlElements } from '../xml-elements.js';

const ctr = taskAreas(example.evaluation).find(({ task }) => task === 'ctr')!;
const columns = example.evaluation.slices.ctr!;

describe('confusionChart', () => {
  it('has the shares of each label as numbers and as strengths of colour', async () => {
    const chart = confusionChart('ppp', example.evaluation.curves.ppp!.confusion)!;
    const elements = xmlElements(await renderChart(chart));
    expect(textsOf(elements)).toEqual(expect.arrayContaining(['75', '20', '5', '33', '60', '7', '40']));
    const strengths = elements.flatMap(({ attributes }) => Number(attributes['fill-opacity'] ?? Number.NaN));
    // 150 of 200 of label 0, 10 of 150 of label 1.
    for (const share of [0.75, 10 / 150]) {
      expect(strengths.some((strength) => Math.abs(strength - 0.45 * share) < 1e-6)).toBe(true);
    }
    expect(chart.description).toBe(
      'of label 0 75 % are predicted as such; of label 1 60 % are predicted as such; of label 2 20 % are predicted as such.',
    );
  });

  it('leaves the numbers out where there is no room, and a label without samples', async () => {
    const many = Array.from({ length: 12 }, (_, label) =>
      Array.from({ length: 12 }, (_, at) => (label === 3 ? 0 : Number(at === label))),
    );
    const chart = confusionChart('ppp', many)!;
    expect(textsOf(xmlElements(await renderChart(chart)))).not.toContain('100');
    expect(chart.description).not.toContain('label 3');
    expect(confusionChart('ppp', [[0]])).toBeNull();
  });
});

describe('slices', () => {
  it('are the weakest of all columns together, without those of few samples', () => {
    const chart = sliceChart(ctr, columns)!;
    expect(chart.description).toBe(
      'category shoes 0.5500, mean of the column 0.6300; hour 0-5 0.5800, mean of the column 0.6350; ' +
        'category hats 0.6200, mean of the column 0.6300; hour 18-23 0.6900, mean of the column 0.6350; ' +
        'category bags 0.7000, mean of the column 0.6300.',
    );
    // Shoes end at .59, the first hours at .62.
    expect(chart.caption).toContain('of 5 slices 2 end below the mean of their column');
    expect(sliceChart(ctr, [])).toBeNull();
  });

  it('are all in the tables, in their order, those of few samples marked', () => {
    const [category, hour] = sliceTables(ctr, columns);
    expect(category!.rows.map((row) => [row[0], row[1], row.at(-1)])).toEqual([
      ['shoes', '0.5500', ''],
      ['hats', '0.6200', ''],
      ['bags', '0.7000', ''],
      ['rare', '0.4100', 'few samples'],
      ['none', null, 'few samples'],
    ]);
    expect(hour!.header).not.toContain('note');
    const [shop] = sliceTables({ ...ctr, task: 'spp' }, example.evaluation.slices.spp!);
    expect(shop!.header).not.toContain('predicted / observed');
  });
});

describe('learningCharts', () => {
  it('say where a curve begins and ends, and what was kept', () => {
    const [loss, validation] = learningCharts({ shop: example }, ctr);
    expect(loss!.description).toMatch(/^shop from 0\.3600 at step 10 to 0\.1650 at step 400\.$/);
    expect(validation!.description).toBe(
      'shop from 0.6000 at step 100 to 0.6500 at step 400, kept at step 300 with 0.6600.',
    );
  });

  it('do not let differences of a hundredth fill the chart', async () => {
    const validation = [0.7, 0.701, 0.7005].map((auc, at) => ({
      step: at + 1,
      epoch: at + 1,
      'auc[ctr]': auc,
    }));
    const report = { ...example, learning: { training: [], validation } };
    const [chart] = learningCharts({ shop: report }, ctr);
    const texts = textsOf(xmlElements(await renderChart(chart!)));
    const axis = texts.filter((text) => text.startsWith('0.')).map(Number);
    expect(Math.max(...axis) - Math.min(...axis)).toBeGreaterThanOrEqual(0.015);
  });

  it('leave out points that have no value', () => {
    const [, first] = example.learning.validation;
    const validation = [{ step: 1, epoch: 1 }, first!, { ...first!, step: 300, 'auc[ctr]': Number.NaN }];
    const learning = { training: [], validation };
    expect(
      learningCharts({ shop: { ...example, learning } }, ctr).map(({ description }) => description),
    ).toEqual(['shop from 0.6400 at step 200 to 0.6400 at step 200.']);
  });
});

describe('behaviourCharts', () => {
  it('show the first groups of many, and say so', async () => {
    const groups = Array.from({ length: 30 }, (_, at) => ({
      value: `place ${at + 1}`,
      behaviours: 100,
      attention: 1,
      gates: null,
    }));
    const [attention, ...rest] = behaviourCharts({ by: 'place', groups });
    expect(rest).toEqual([]);
    expect(attention!.caption).toBe('The first 20 of 30.');
    const texts = textsOf(xmlElements(await renderChart(attention!)));
    expect(texts).toContain('place 20 (100)');
    expect(texts).not.toContain('place 21 (100)');
  });

  it('leave out what few behaviours have, and say how many that are', async () => {
    const group = (value: string, behaviours: number) => ({ value, behaviours, attention: 1, gates: null });
    const [attention] = behaviourCharts({
      by: 'kind',
      groups: [group('click', 12_345), group('rare', 99), group('rarer', 2)],
    });
    expect(attention!.caption).toBe('Left out: 2 of fewer than 100 behaviours.');
    const texts = textsOf(xmlElements(await renderChart(attention!)));
    expect(texts).toContain('click (12,345)');
    expect(texts.filter((text) => text.startsWith('rare'))).toEqual([]);
    expect(behaviourCharts({ by: 'kind', groups: [group('rare', 99)] })).toEqual([]);
  });
});

describe('differenceChart', () => {
  it('says of each baseline whether the model is above it, below it or not told apart', async () => {
    const chart = differenceChart(example.evaluation)!;
    expect(chart.description).toBe(
      'AUC of ctr: above item +0.0612 (+0.0412 .. +0.0812), above position +0.0912 (+0.0612 .. +0.1212), ' +
        'not told apart seen +0.0062 (-0.0038 .. +0.0162); ' +
        'AUC of spp: below shop -0.0277 (-0.0377 .. -0.0177); ' +
        'macro AUC of ppp: above prior +0.1134 (+0.0634 .. +0.1634).',
    );
    const texts = textsOf(xmlElements(await renderChart(chart)));
    expect(texts).toEqual(
      expect.arrayContaining(['item (above)', 'seen', '(not told apart)', 'shop (below)']),
    );
    expect(differenceChart({ ...example.evaluation, differences: {} })).toBeNull();
  });
});

describe('featureChart', () => {
  it('leaves the constant to the caption, so that it does not set the axis', async () => {
    const weights = example.insight.featureWeights.l2r!;
    const chart = featureChart('l2r', weights)!;
    expect(chart.caption).toMatch(/Largest first\. The constant is not drawn: \+4\.2500\.$/);
    const texts = textsOf(xmlElements(await renderChart(chart)));
    expect(texts).not.toContain('constant');
    const numbers = texts.map(Number).filter((number) => !Number.isNaN(number));
    expect(Math.max(...numbers)).toBeLessThan(2);
    const [constant, ...others] = weights;
    expect(featureChart('l2r', others)!.caption).not.toContain('constant');
    expect(featureChart('l2r', [constant!])).toBeNull();
  });
});
