import { expect, it } from 'vitest';
import { drawSections } from '../../src/report/drafts.js';

const table = (rows: string[][]) => ({ kind: 'table' as const, title: 't', header: ['h'], rows });
const text = { kind: 'text' as const, text: 'how to read it' };

it('leaves out blocks, and sections, that have nothing to show', async () => {
  const sections = await drawSections([
    { heading: 'text alone', blocks: [text, { kind: 'charts', charts: [] }, table([])] },
    { heading: 'some', blocks: [text, table([]), table([['a']])] },
    { heading: 'inside', blocks: [{ kind: 'details', summary: 's', blocks: [table([]), table([['b']])] }] },
    { heading: 'none inside', blocks: [{ kind: 'details', summary: 's', blocks: [table([])] }] },
  ]);
  expect(sections).toEqual([
    { heading: 'some', blocks: [text, table([['a']])] },
    { heading: 'inside', blocks: [{ kind: 'details', summary: 's', blocks: [table([['b']])] }] },
  ]);
});
