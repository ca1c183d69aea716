/** Charts as SVG without a browser: for a page, where they stand inline, and as files of their own. */
import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { escapeXml, replaceForbidden } from './escape.js';
import { palette } from './palette.js';

export interface Chart {
  /** Its colours are light ones of the palette, its config stays empty. */
  readonly spec: TopLevelSpec;
  /** Both are read aloud in place of the picture. */
  readonly title: string;
  readonly description: string;
}

/**
 * The colours are written as for light surroundings, which any viewer shows, and a style replaces each by its dark
 * one where that is asked for.
 */
export async function renderChart({ spec, title, description }: Chart): Promise<string> {
  const view = new View(parse(compile(spec, { config: CONFIG }).spec), { renderer: 'none' });
  try {
    const svg = replaceForbidden(await view.toSVG());
    const size = /^<svg [^>]*viewBox="0 0 ([\d.]+) ([\d.]+)"[^>]*>/.exec(svg);
    if (!size) throw new Error(`vega made no svg: ${svg.slice(0, 200)}`);
    const [root, width, height] = size;
    return (
      `<svg xmlns="http://www.w3.org/2000/svg" class="chart" width="${width}" height="${height}" ` +
      `viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeXml(`${title}. ${description}`)}">` +
      `<title>${escapeXml(title)}</title><desc>${escapeXml(description)}</desc><style>${DARK}</style>` +
      svg.slice(root.length)
    );
  } finally {
    view.finalize();
  }
}

const DARK = `@media screen and (prefers-color-scheme:dark){${Object.values(palette)
  .flatMap(({ light, dark }) =>
    ['fill', 'stroke'].map((property) => `.chart [${property}="${light}"]{${property}:${dark}}`),
  )
  .join('')}}`;

/** Pixels between a title and what it stands above. */
export const TITLE_OFFSET = 12;

const FONT = 'system-ui, sans-serif';

const CONFIG = {
  background: palette.paper.light,
  font: FONT,
  aria: false,
  view: { stroke: null },
  title: { color: palette.ink.light, fontSize: 15, fontWeight: 600, anchor: 'start', offset: TITLE_OFFSET },
  axis: {
    labelColor: palette.faint.light,
    titleColor: palette.faint.light,
    labelFontSize: 13,
    titleFontSize: 13,
    titleFontWeight: 'normal',
    titlePadding: 8,
    gridColor: palette.line.light,
    domainColor: palette.faint.light,
    tickColor: palette.faint.light,
  },
  legend: {
    labelColor: palette.ink.light,
    titleColor: palette.faint.light,
    labelFontSize: 13,
    titleFontSize: 13,
    titleFontWeight: 'normal',
  },
  mark: { color: palette.blue.light },
  text: { color: palette.ink.light, fontSize: 13 },
} as const;
