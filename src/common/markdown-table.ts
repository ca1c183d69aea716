/** Tables of Markdown; cells as those of the terminal's tables. */
import type { Cell } from './table.js';

/** Numbers are shown as they are; round them first. Null is a dash. */
export function formatMarkdownTable(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const line = (cells: readonly Cell[]) =>
    `| ${header.map((_, column) => String(cells[column] ?? '-').replaceAll('|', '\\|')).join(' | ')} |\n`;
  return [line(header), `|${'---|'.repeat(header.length)}\n`, ...rows.map(line)].join('');
}
