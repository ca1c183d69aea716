import { expect, it } from 'vitest';
import { chartsOf, drawSections } from '../../src/report/drafts.js';

const table = (rows: string[][]) => ({ kind: 'table' as const, title: 't', header: ['h'], rows });
const text = { kind: 'text' as const, text: 'how to read it' };

it('draws charts inside of what is folded', async () => {
  const chart = {
    ...{ name: 'c', title: 't', description: 'd', caption: 'below' },
    spec: { data: { values: [{ x: 1 }] }, mark: 'point', encoding: {} } as never,
  };
  const draft = {
    heading: 'h',
    blocks: [
      { kind: 'details' as const, summary: 's', blocks: [{ kind: 'charts' as const, charts: [chart] }] },
    ],
  };
  expect(chartsOf([draft])).toEqual([chart]);
  const [section] = await drawSections([draft]);
  expect(section!.blocks).toMatchObject([
    { kind: 'details', blocks: [{ kind: 'figures', figures: [{ caption: 'below' }] }] },
  ]);
});

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
