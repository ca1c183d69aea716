/** What a command prints, on a page. */
import type { Summary } from '../common/summary.js';
import type { Block } from './page.js';

export function summaryBlocks({ tables, remarks }: Summary): Block[] {
  return [...tables.map((table): Block => ({ kind: 'table', ...table })), { kind: 'list', items: remarks }];
}
