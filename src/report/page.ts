/** Pages of reports: one HTML file with all that it shows, without scripts, for screens of any width and paper. */
import type { SummaryTable } from '../common/summary.js';
import type { Cell } from '../common/table.js';
import { escapeXml } from './escape.js';
import { pageStyle } from './page-style.js';

export interface Page {
  readonly title: string;
  /** Below the title: what the page is about. */
  readonly lead: string;
  /** What a reader has to know before any number, such as that one can't be believed. */
  readonly warnings?: readonly string[];
  readonly sections: readonly Section[];
}

export interface Section {
  readonly heading: string;
  readonly blocks: readonly Block[];
}

export type Block =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  | { readonly kind: 'terms'; readonly terms: readonly { readonly term: string; readonly text: string }[] }
  | ({ readonly kind: 'table' } & PageTable)
  | { readonly kind: 'figures'; readonly figures: readonly Figure[] }
  /** What the reader opens and closes; open on paper. */
  | {
      readonly kind: 'details';
      readonly summary: string;
      readonly open?: boolean;
      readonly blocks: readonly Block[];
    };

export interface PageTable extends SummaryTable {
  /** How strongly each row is coloured, from 0 to 1. */
  readonly shades?: readonly number[];
  /** Cells that are marked, as [row, column]. */
  readonly bold?: readonly (readonly [row: number, column: number])[];
}

export interface Figure {
  /** Of `renderChart`: it goes into the page as it is, all other text is escaped. */
  readonly svg: string;
  /** None where it is empty. */
  readonly caption: string;
}

/** Signs of a text that goes on in a second line. */
const LONG_TEXT = 36;

/** From as many sections on, a page begins with links to them. */
const LONG = 6;

export function renderPage({ title, lead, warnings = [], sections }: Page): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeXml(title)}</title>
<style>${pageStyle()}</style>
</head>
<body>
<main>
<h1>${escapeXml(title)}</h1>
<p class="lead">${escapeXml(lead)}</p>
${warningsHtml(warnings)}${sections.length < LONG ? '' : contentsHtml(sections)}${sections
  .map((section, at) => sectionHtml(section, sections.length < LONG ? '' : ` id="${anchor(at)}"`))
  .join('')}</main>
</body>
</html>
`;
}

const anchor = (section: number) => `part-${section + 1}`;

function warningsHtml(warnings: readonly string[]): string {
  if (warnings.length === 0) return '';
  return `<ul class="warnings" role="note" aria-label="warnings">\n${listItems(warnings)}</ul>\n`;
}

function contentsHtml(sections: readonly Section[]): string {
  const links = sections.map(
    ({ heading }, at) => `<li><a href="#${anchor(at)}">${escapeXml(heading)}</a></li>\n`,
  );
  return `<nav aria-label="contents">\n<ul>\n${links.join('')}</ul>\n</nav>\n`;
}

function sectionHtml({ heading, blocks }: Section, id: string): string {
  return `<section${id}>\n<h2>${escapeXml(heading)}</h2>\n${blocks.map(blockHtml).join('')}</section>\n`;
}

function blockHtml(block: Block): string {
  switch (block.kind) {
    case 'text':
      return `<p>${escapeXml(block.text)}</p>\n`;
    case 'code':
      return `<pre tabindex="0">${escapeXml(block.text)}</pre>\n`;
    case 'list':
      return `<ul>\n${listItems(block.items)}</ul>\n`;
    case 'terms':
      return `<dl>\n${block.terms
        .map(({ term, text }) => `<dt>${escapeXml(term)}</dt><dd>${escapeXml(text)}</dd>\n`)
        .join('')}</dl>\n`;
    case 'table':
      return tableHtml(block);
    case 'figures':
      return `<div class="figures">\n${block.figures.map(figureHtml).join('')}</div>\n`;
    case 'details':
      return (
        `<details${block.open ? ' open=""' : ''}>\n<summary>${escapeXml(block.summary)}</summary>\n` +
        `${block.blocks.map(blockHtml).join('')}</details>\n`
      );
  }
}

function listItems(items: readonly string[]): string {
  return items.map((item) => `<li>${escapeXml(item)}</li>\n`).join('');
}

/** The first column names the rows; numbers, and texts of digits alone such as counts by label, stand to the right. */
function tableHtml({ title, header, rows, shades, bold = [] }: PageTable): string {
  const right = header.map((_, column) => rows.every((row) => isNumber(row[column] ?? null)));
  const long = header.map((_, column) =>
    rows.some((row) => [...String(row[column] ?? '')].length > LONG_TEXT),
  );
  const attribute = (column: number) =>
    right[column] ? ' class="number"' : long[column] ? ' class="long"' : '';
  const head = header.map((name, column) => `<th scope="col"${attribute(column)}>${escapeXml(name)}</th>`);
  const marked = new Set(bold.map(([row, column]) => `${row},${column}`));
  const body = rows.map((row, at) => {
    const cells = header.map((_, column) => {
      const text = escapeXml(String(row[column] ?? '-'));
      if (column === 0) return `<th scope="row"${shades || long[0] ? attribute(0) : ''}>${text}</th>`;
      return `<td${attribute(column)}>${marked.has(`${at},${column}`) ? `<strong>${text}</strong>` : text}</td>`;
    });
    const shade = shades ? ` class="shaded" style="--shade:${Number((shades[at] ?? 0).toFixed(3))}"` : '';
    return `<tr${shade}>${cells.join('')}</tr>\n`;
  });
  // A wide table scrolls in its box, which the keyboard has to reach.
  const name = escapeXml(title);
  return (
    `<h3>${name}</h3>\n<div class="table" role="region" aria-label="${name}" tabindex="0">\n` +
    `<table aria-label="${name}">\n<thead><tr>${head.join('')}</tr></thead>\n` +
    `<tbody>\n${body.join('')}</tbody>\n</table>\n</div>\n`
  );
}

function isNumber(cell: Cell): boolean {
  if (cell === null || cell === '' || typeof cell === 'number') return true;
  return /^[+-]?\d+(\.\d+)?( %)?$/.test(cell) || /^\d+( \/ \d+)+$/.test(cell);
}

function figureHtml({ svg, caption }: Figure): string {
  const below = caption === '' ? '' : `<figcaption>${escapeXml(caption)}</figcaption>\n`;
  return `<figure>\n${svg}\n${below}</figure>\n`;
}
