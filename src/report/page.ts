/** Pages of reports: one HTML file with all that it shows, without scripts, for screens of any width and paper. */
import type { SummaryTable } from '../common/summary.js';
import type { Cell } from '../common/table.js';
import { escapeXml } from './escape.js';
import { pageStyle } from './page-style.js';

export interface Page {
  readonly title: string;
  /** Below the title: what the page is about. */
  readonly lead: string;
  readonly sections: readonly Section[];
}

export interface Section {
  readonly heading: string;
  readonly blocks: readonly Block[];
}

export type Block =
  | { readonly kind: 'list'; readonly items: readonly string[] }
  | { readonly kind: 'terms'; readonly terms: readonly { readonly term: string; readonly text: string }[] }
  | ({ readonly kind: 'table' } & SummaryTable)
  | { readonly kind: 'figures'; readonly figures: readonly Figure[] };

export interface Figure {
  /** Of `renderChart`: it goes into the page as it is, all other text is escaped. */
  readonly svg: string;
  readonly caption: string;
}

export function renderPage({ title, lead, sections }: Page): string {
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
${sections.map(sectionHtml).join('')}</main>
</body>
</html>
`;
}

function sectionHtml({ heading, blocks }: Section): string {
  return `<section>\n<h2>${escapeXml(heading)}</h2>\n${blocks.map(blockHtml).join('')}</section>\n`;
}

function blockHtml(block: Block): string {
  switch (block.kind) {
    case 'list':
      return `<ul>\n${block.items.map((item) => `<li>${escapeXml(item)}</li>\n`).join('')}</ul>\n`;
    case 'terms':
      return `<dl>\n${block.terms
        .map(({ term, text }) => `<dt>${escapeXml(term)}</dt><dd>${escapeXml(text)}</dd>\n`)
        .join('')}</dl>\n`;
    case 'table':
      return tableHtml(block);
    case 'figures':
      return `<div class="figures">\n${block.figures.map(figureHtml).join('')}</div>\n`;
  }
}

/** The first column names the rows; numbers, and texts of digits alone, stand to the right. */
function tableHtml({ title, header, rows }: SummaryTable): string {
  const right = header.map((_, column) => rows.every((row) => isNumber(row[column] ?? null)));
  const attribute = (column: number) => (right[column] ? ' class="number"' : '');
  const head = header.map((name, column) => `<th scope="col"${attribute(column)}>${escapeXml(name)}</th>`);
  const body = rows.map((row) => {
    const cells = header.map((_, column) => {
      const text = escapeXml(String(row[column] ?? '-'));
      return column === 0 ? `<th scope="row">${text}</th>` : `<td${attribute(column)}>${text}</td>`;
    });
    return `<tr>${cells.join('')}</tr>\n`;
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
  return cell === null || typeof cell === 'number' || /^[+-]?\d+(\.\d+)?$/.test(cell);
}

function figureHtml({ svg, caption }: Figure): string {
  return `<figure>\n${svg}\n<figcaption>${escapeXml(caption)}</figcaption>\n</figure>\n`;
}
