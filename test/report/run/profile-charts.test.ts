import { describe, expect, it } from 'vitest';
import { renderChart } from '../../../src/report/chart.js';
import { profileCharts } from '../../../src/report/run/profile-charts.js';
import { example } from '../run-example.js';
import { textsOf, xmlElements } from '../xml-elements.js';

const at = (time: string) => Date.parse(`2026-01-${time}Z`);
const chartsOf = (from: string, to: string | null) =>
  profileCharts(example.profile, { from: at(from), to: to === null ? null : at(to) });
const chart = (name: string, from = '11T00:00:00', to: string | null = null) =>
  chartsOf(from, to).find((each) => each.name === name)!;

describe('profileCharts', () => {
  it('count what the log has', () => {
    expect(chart('property-behavior').description).toBe(
      'click 18000 (85.7 %); cart 2000 (9.52 %); buy 1000 (4.76 %).',
    );
    // 3000, 3200, 3400, 3000, 3200, 3400, 3000.
    expect(chart('events-by-day').description).toBe(
      '22200 events, 3000 to 3400 a day; 2026-01-05 to 2026-01-11.',
    );
    // 250 + .. + 300 of six days, 25 each, and 300.
    expect(chart('requests-by-day').caption).toContain('training 1650, validation 150, evaluation 300.');
  });

  it('set the lengths of histories of each part against its own requests', () => {
    // 100 of 100 + 110 + .. + 180 = 1260; 10 of 126; 40 of 288.
    expect(chart('lengths').caption).toContain('training 7.94 %, validation 7.94 %, evaluation 13.9 %');
    expect(chart('lengths').description).toContain('evaluation: most often 0 behaviours, 40 requests');
  });

  it.each([
    ['11T00:00:00', null, ' Dashed line: here the evaluation begins.', 1],
    ['09T00:00:00', '10T12:00:00', ' Between the dashed lines: the evaluation.', 2],
    ['01T00:00:00', '10T00:00:00', ' Dashed line: here the evaluation ends.', 1],
    ['20T00:00:00', null, '', 0],
  ] as const)('show an evaluation from %s to %s among the days', async (from, to, text, lines) => {
    const drawn = chart('events-by-day', from, to);
    expect(drawn.caption).toBe(`Events of the log by local day.${text}`);
    const dashed = xmlElements(await renderChart(drawn)).filter(
      ({ attributes }) => attributes['stroke-dasharray'] === '4,3',
    );
    expect(dashed.length).toBe(lines);
  });

  it('label every second bin of nine, and the first and the last among them', async () => {
    const texts = textsOf(xmlElements(await renderChart(chart('lengths'))));
    expect(texts.filter((text) => ['0', '1', '2', '3-4', '5-8', '65-100'].includes(text))).toEqual([
      '0',
      '2',
      '5-8',
      '65-100',
    ]);
  });
});
