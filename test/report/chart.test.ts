import { describe, expect, it } from 'vitest';
import { renderChart } from '../../src/report/chart.js';
import { palette } from '../../src/report/palette.js';
import { HARMLESS, HOSTILE } from './hostile.js';
import { xmlElements } from './xml-elements.js';

const chart = (name: string) => ({
  title: `chart of ${name}`,
  description: `two points of ${name}`,
  spec: {
    title: name,
    width: 200,
    height: 100,
    data: {
      values: [
        { x: 1, y: 2, name },
        { x: 3, y: 4, name },
      ],
    },
    mark: { type: 'point' as const, color: palette.blue.light },
    encoding: {
      x: { field: 'x', type: 'quantitative' as const },
      y: { field: 'y', type: 'quantitative' as const, title: name },
      shape: { field: 'name', type: 'nominal' as const },
    },
  },
});

describe('renderChart', () => {
  it('makes an svg that says what it shows', async () => {
    const elements = xmlElements(await renderChart(chart('a & b')));
    const { name, attributes } = elements.at(-1)!;
    expect(name).toBe('svg');
    expect(attributes).toMatchObject({ role: 'img', 'aria-label': 'chart of a & b. two points of a & b' });
    expect(attributes.viewBox).toBe(`0 0 ${attributes.width} ${attributes.height}`);
    const text = (of: string) => elements.filter((element) => element.name === of).map((each) => each.text);
    expect(text('title')).toEqual(['chart of a & b']);
    expect(text('desc')).toEqual(['two points of a & b']);
    // As the title, the axis title and in the legend.
    expect(text('text').filter((shown) => shown === 'a & b')).toHaveLength(3);
  });

  it('has a dark colour for each that it uses', async () => {
    const svg = await renderChart(chart('a'));
    const used = new Set(xmlElements(svg).flatMap(({ attributes }) => [attributes.fill, attributes.stroke]));
    const colours = [...used].filter(
      (colour) => colour !== undefined && !/^(none|transparent)$/.test(colour),
    );
    expect(colours).toContain(palette.blue.light);
    expect(colours).toContain(palette.paper.light);
    const style = /<style>@media screen and \(prefers-color-scheme:dark\)\{(.*)\}<\/style>/.exec(svg)![1]!;
    const light = Object.values(palette).map((shade) => shade.light);
    expect(light).toEqual(expect.arrayContaining(colours));
    for (const { light, dark } of Object.values(palette)) {
      expect(style).toContain(`.chart [fill="${light}"]{fill:${dark}}`);
      expect(style).toContain(`.chart [stroke="${light}"]{stroke:${dark}}`);
    }
  });

  it('takes hostile text as text', async () => {
    const svg = await renderChart(chart(HOSTILE));
    const elements = xmlElements(svg);
    expect(elements.filter(({ name }) => name === 'script')).toEqual([]);
    expect(elements.find(({ name }) => name === 'title')!.text).toBe(`chart of ${HARMLESS}`);
  });

  it('refers to nothing outside, has no ids that another chart could have, and is the same each time', async () => {
    const svg = await renderChart(chart('a'));
    expect(svg.replace('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(
      /http|url\(|href|@import| id="/,
    );
    expect(await renderChart(chart('a'))).toBe(svg);
  });
});
