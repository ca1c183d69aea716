/** What a command came to as tables and remarks: for the terminal, and as Markdown. */
import { formatMarkdownTable } from './markdown-table.js';
import { printable } from './printable.js';
import { type Cell, formatTable } from './table.js';

export interface SummaryTable {
  readonly title: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

export interface Summary {
  readonly title: string;
  readonly tables: readonly SummaryTable[];
  readonly remarks: readonly string[];
}

/** Without the title: who called the command knows it. `width` as in `formatTable`. */
export function summaryText({ tables, remarks }: Summary, width: number | null = null): string {
  return [...tables.map((table) => tableText(table, width)), ...remarks].join('\n');
}

/** Under its title. */
export function tableText({ title, header, rows }: SummaryTable, width: number | null): string {
  return `${printable(title)}\n${formatTable(header, rows, width)}`;
}

export function summaryMarkdown({ title, tables, remarks }: Summary): string {
  return [
    `# ${title}\n`,
    ...tables.map((table) => `## ${table.title}\n\n${formatMarkdownTable(table.header, table.rows)}`),
    remarks.map((remark) => `- ${remark}\n`).join(''),
  ].join('\n');
}
