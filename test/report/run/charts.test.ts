/** The charts of a run whose numbers are read from their words and colours. */
import { describe, expect, it } from 'vitest';
import { renderChart } from '../../../src/report/chart.js';
import { behaviourCharts } from '../../../src/report/run/behaviour-charts.js';
import { confusionChart } from '../../../src/report/run/confusion-chart.js';
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
    expect(sliceChart(ctr, columns, 0.6712)!.description).toBe(
      'category shoes 0.5500; hour 0-5 0.5800; category hats 0.6200; hour 18-23 0.6900; category bags 0.7000; ' +
        'of all samples 0.6712.',
    );
    expect(sliceChart(ctr, [], 0.6712)).toBeNull();
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
      behaviours: 1,
      attention: 1,
      gates: null,
    }));
    const [attention, ...rest] = behaviourCharts({ by: 'place', groups });
    expect(rest).toEqual([]);
    expect(attention!.caption).toBe('The first 20 of 30.');
    const texts = textsOf(xmlElements(await renderChart(attention!)));
    expect(texts).toContain('place 20');
    expect(texts).not.toContain('place 21');
  });
});
