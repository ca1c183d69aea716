import { afterEach, describe, expect, it } from 'vitest';
import { BACKTEST_MODELS } from '../../src/common/backtest-models.js';
import type { BacktestDay, BacktestResult } from '../../src/experiments/backtest-result.js';
import { backtestCharts } from '../../src/report/backtest-charts.js';
import { backtestStyles } from '../../src/report/backtest-style.js';
import { renderChart } from '../../src/report/chart.js';
import { begun, days, ofModel, result } from '../experiments/backtest-example.js';
import { HARMLESS, HOSTILE } from './hostile.js';
import { textsOf, xmlElements } from './xml-elements.js';

const chart = (name: string, of: BacktestResult = result) =>
  backtestCharts(of).find((each) => each.name === name)!;

/** Labels, lines (the pieces of each, as points), and points as a shape in a colour at a place. */
async function drawn(name: string, of: BacktestResult = result) {
  const elements = xmlElements(await renderChart(chart(name, of)));
  const marks = elements.filter((element) => element.name === 'path');
  return {
    texts: textsOf(elements),
    lines: marks
      .filter(({ attributes }) => attributes['stroke-dasharray'] && attributes.d)
      .map(({ attributes }) => ({
        colour: attributes.stroke,
        dash: attributes['stroke-dasharray'],
        pieces: piecesOf(attributes.d!),
      })),
    points: marks
      .filter(({ attributes }) => attributes.transform && attributes.d)
      .map(({ attributes }) => ({ colour: attributes.fill, at: placeOf(attributes.transform!) })),
  };
}

const colourOf = (model: keyof typeof backtestStyles) => backtestStyles[model].colour;

describe('backtestCharts', () => {
  it('are two of each task, and one of seconds', () => {
    expect(backtestCharts(result).map(({ name }) => name)).toEqual([
      'auc-ctr',
      'difference-ctr',
      'auc-spp',
      'difference-spp',
      'seconds',
    ]);
  });

  it('are none before the first day, and none of seconds while nothing was learned', () => {
    expect(backtestCharts(begun)).toEqual([]);
    const one = { ...result, tasks: ['ctr'], days: days.slice(0, 1) };
    expect(backtestCharts(one).map(({ name }) => name)).toEqual(['auc-ctr', 'difference-ctr']);
  });

  it('say in words what they show', () => {
    expect(chart('auc-ctr')).toMatchObject({
      title: 'AUC of ctr by day',
      description:
        '2026-01-30 to 2026-02-01. updated from 0.7000 to 0.7400; stale from 0.7000 to 0.6900; retrained from 0.7000 to 0.7300.',
    });
    expect(chart('difference-ctr').description).toBe(
      '2026-01-30 to 2026-02-01. updated 0.0000 to +0.0500; retrained 0.0000 to +0.0400.',
    );
    expect(chart('difference-ctr').caption).toMatch(
      /for all\. Mean over the days: updated \+0\.0200 \(95 % interval \+0\.0050 \.\. \+0\.0350\)\.$/,
    );
    expect(chart('difference-spp').caption).toMatch(/Mean over the days: updated \+0\.0200\.$/);
    expect(chart('difference-spp', { ...result, differences: [] }).caption).toMatch(/for all\.$/);
    expect(chart('seconds').description).toBe(
      '2026-01-30 to 2026-02-01. updated 14 to 18 seconds a day, 32 in all; retrained 160 to 180 seconds a day, 340 in all.',
    );
  });

  it('call the measure of a task of several classes macro AUC', async () => {
    const measures = { ctr: 'auc', spp: 'macroAuc' } as const;
    const of = { ...result, measures };
    expect(backtestCharts(of).map(({ title }) => title)).toEqual([
      'AUC of ctr by day',
      'AUC of ctr against stale by day',
      'macro AUC of spp by day',
      'macro AUC of spp against stale by day',
      'Seconds by day',
    ]);
    expect(chart('auc-spp', of).caption).toMatch(/^macro AUC on the samples of each day/);
    expect(chart('difference-spp', of).caption).toMatch(/^Difference to the macro AUC of stale/);
    expect((await drawn('auc-spp', of)).texts).toContain('macro AUC');
    expect((await drawn('difference-spp', of)).texts).toContain('macro AUC - macro AUC of stale');
  });

  it('tell models apart by colour, dashes and shape', async () => {
    const styles = Object.values(backtestStyles);
    for (const looks of [
      styles.map(({ colour }) => colour),
      styles.map(({ dash }) => dash.join()),
      styles.map(({ shape }) => shape),
    ]) {
      expect(new Set(looks).size).toBe(BACKTEST_MODELS.length);
    }
    const { lines, texts } = await drawn('auc-ctr');
    expect(lines.map(({ colour, dash }) => [colour, dash])).toEqual(
      styles.map(({ colour, dash }) => [colour, dash.join()]),
    );
    expect(texts).toEqual(expect.arrayContaining([...BACKTEST_MODELS]));
  });

  it('have the days at equal distances, and their AUC on an axis that does not begin at 0', async () => {
    const { lines, texts } = await drawn('auc-ctr');
    expect(texts).toEqual(
      expect.arrayContaining(['30 Jan', '31 Jan', '1 Feb', '2026-01-30 to 2026-02-01', '0.69', '0.74']),
    );
    // 12 of 340 are left free on both sides; the axis goes from .69 (230) to .74 (0).
    const height = (auc: number) => (230 * (0.74 - auc)) / 0.05;
    expectPlaces(lines[0]!.pieces, [
      [
        [12, height(0.7)],
        [170, height(0.72)],
        [328, height(0.74)],
      ],
    ]);
    expectPlaces(lines[1]!.pieces, [
      [
        [12, height(0.7)],
        [170, height(0.71)],
        [328, height(0.69)],
      ],
    ]);
  });

  it('have a gap where a day has no AUC', async () => {
    const gap = { ...days[1]!, day: '2026-02-02' };
    const after = { ...days[2]!, day: '2026-02-03' };
    const { lines, points } = await drawn('auc-spp', {
      ...result,
      days: [days[0]!, { ...days[2]!, day: '2026-01-31' }, gap, after],
    });
    const [first, second] = lines[0]!.pieces;
    expect(first!.map(([x]) => Math.round(x!))).toEqual([12, 91]);
    expect(second!.map(([x]) => Math.round(x!))).toEqual([328]);
    // And one in the legend.
    expect(points.filter(({ colour }) => colour === colourOf('updated'))).toHaveLength(4);
  });

  it('show differences to stale from 0 on, where both have an AUC', async () => {
    const { lines, texts } = await drawn('difference-ctr');
    expect(lines.map(({ colour }) => colour)).toEqual([colourOf('updated'), colourOf('retrained')]);
    expect(texts).not.toContain('stale');
    // From 0 (230) to .05 (0).
    expectPlaces(lines[0]!.pieces, [
      [
        [12, 230],
        [170, 230 * 0.8],
        [328, 0],
      ],
    ]);
    const models = ['updated', 'retrained'] as const;
    const names = backtestCharts({ ...result, models, days: days.map(without('stale')) });
    expect(names.map(({ name }) => name)).toEqual(['auc-ctr', 'auc-spp', 'seconds']);
  });

  it('show the seconds of preprocessing and training together, from 0 on', async () => {
    const { lines, texts } = await drawn('seconds');
    expect(lines.map(({ colour }) => colour)).toEqual([colourOf('updated'), colourOf('retrained')]);
    expect(texts).toEqual(expect.arrayContaining(['0', '100', '180']));
    const height = (seconds: number) => (230 * (180 - seconds)) / 180;
    expectPlaces(lines[0]!.pieces, [
      [
        [170, height(14)],
        [328, height(18)],
      ],
    ]);
    expectPlaces(lines[1]!.pieces, [
      [
        [170, height(160)],
        [328, height(180)],
      ],
    ]);
  });

  it('have one day in the middle, its AUC too where it is the same for all', async () => {
    const { texts, points } = await drawn('auc-ctr', { ...result, days: days.slice(0, 1) });
    expect(texts).toEqual(expect.arrayContaining(['30 Jan', '2026-01-30', '0.690', '0.700', '0.710']));
    expect(points.filter(({ at }) => at[0] === 170 && at[1] === 115)).toHaveLength(3);
  });

  it('leave a model out that has no AUC', async () => {
    const { lines, texts } = await drawn('auc-ctr', { ...result, days: days.map(without('retrained')) });
    expect(lines.map(({ colour }) => colour)).toEqual([colourOf('updated'), colourOf('stale')]);
    expect(texts).not.toContain('retrained');
  });

  it('can be read with thirty days', async () => {
    const thirty = Array.from({ length: 30 }, (_, at) => ({
      day: new Date(Date.UTC(2025, 11, 20 + at)).toISOString().slice(0, 10),
      samples: { ctr: 1000 },
      models: { updated: ofModel(`updated-${at}`, [0.7 + at / 1000, null]) },
    }));
    const { texts, lines } = await drawn('auc-ctr', { ...result, models: ['updated'], days: thirty });
    expect(lines[0]!.pieces[0]).toHaveLength(30);
    expect(texts.filter((text) => /^\d+ (Dec|Jan)$/.test(text))).toEqual([
      '20 Dec',
      '26 Dec',
      '1 Jan',
      '7 Jan',
      '13 Jan',
    ]);
  });

  it('take hostile names as text', async () => {
    const hostile: BacktestResult = {
      ...result,
      tasks: [HOSTILE],
      measures: { [HOSTILE]: 'auc' },
      days: days.map((day) => ({
        ...day,
        models: {
          updated: { ...day.models.updated!, auc: { [HOSTILE]: 0.7 } },
          stale: { ...day.models.stale!, auc: { [HOSTILE]: 0.6 } },
        },
      })),
    };
    for (const each of backtestCharts(hostile)) {
      const elements = xmlElements(await renderChart(each));
      expect(elements.some(({ name }) => name === 'script')).toBe(false);
      if (each.name !== 'seconds') {
        expect(elements.find(({ name }) => name === 'title')!.text).toContain(HARMLESS);
      }
    }
  });
});

describe('the time zone of the machine', () => {
  const zone = process.env.TZ;
  afterEach(() => {
    if (zone === undefined) delete process.env.TZ;
    else process.env.TZ = zone;
  });

  it('makes no difference', async () => {
    const svgs = [];
    for (const each of ['UTC', 'America/Los_Angeles', 'Asia/Shanghai']) {
      process.env.TZ = each;
      svgs.push(await renderChart(chart('auc-ctr')));
    }
    expect(new Set(svgs).size).toBe(1);
  });
});

function without(model: keyof BacktestDay['models']) {
  return (day: BacktestDay): BacktestDay => {
    const { [model]: _, ...models } = day.models;
    return { ...day, models };
  };
}

/** Of a path of straight lines, each piece begun with an M. */
function piecesOf(d: string): number[][][] {
  return d
    .split('M')
    .slice(1)
    .map((piece) =>
      piece
        .replace('Z', '')
        .split('L')
        .map((pair) => pair.split(',').map(Number)),
    );
}

function placeOf(transform: string): number[] {
  return /^translate\(([^)]*)\)/.exec(transform)![1]!.split(',').map(Number);
}

function expectPlaces(pieces: readonly number[][][], expected: readonly number[][][]): void {
  expect(pieces.map((piece) => piece.length)).toEqual(expected.map((piece) => piece.length));
  for (const [at, value] of pieces.flat(2).entries()) expect(value).toBeCloseTo(expected.flat(2)[at]!, 1);
}
