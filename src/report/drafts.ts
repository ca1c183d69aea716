/** Sections whose charts are not drawn yet: what they show can be told without drawing. */
import { drawFigures } from './figures.js';
import type { Block, Section } from './page.js';
import type { ReportChart } from './write-report.js';

export type DraftBlock =
  | Exclude<Block, { kind: 'details' }>
  | { readonly kind: 'charts'; readonly charts: readonly ReportChart[] }
  | (Omit<Extract<Block, { kind: 'details' }>, 'blocks'> & { readonly blocks: readonly DraftBlock[] });

export interface Draft {
  readonly heading: string;
  readonly blocks: readonly DraftBlock[];
}

/** Draws the charts; blocks and sections with nothing in them are left out. */
export async function drawSections(drafts: readonly Draft[]): Promise<Section[]> {
  const sections: Section[] = [];
  for (const { heading, blocks } of drafts) {
    const filled = withoutEmpty(await drawBlocks(blocks));
    // Text alone would introduce what is not there.
    if (filled.some(({ kind }) => kind !== 'text')) sections.push({ heading, blocks: filled });
  }
  return sections;
}

export function chartsOf(drafts: readonly Draft[]): readonly ReportChart[] {
  return drafts.flatMap(({ blocks }) => chartsIn(blocks));
}

const chartsIn = (blocks: readonly DraftBlock[]): readonly ReportChart[] =>
  blocks.flatMap((block) => {
    if (block.kind === 'charts') return block.charts;
    return block.kind === 'details' ? chartsIn(block.blocks) : [];
  });

async function drawBlocks(blocks: readonly DraftBlock[]): Promise<Block[]> {
  const drawn: Block[] = [];
  for (const block of blocks) {
    if (block.kind === 'charts') drawn.push({ kind: 'figures', figures: await drawFigures(block.charts) });
    else if (block.kind === 'details') drawn.push({ ...block, blocks: await drawBlocks(block.blocks) });
    else drawn.push(block);
  }
  return drawn;
}

function withoutEmpty(blocks: readonly Block[]): Block[] {
  return blocks
    .filter((block) => !isEmpty(block))
    .map((block) => (block.kind === 'details' ? { ...block, blocks: withoutEmpty(block.blocks) } : block));
}

function isEmpty(block: Block): boolean {
  switch (block.kind) {
    case 'text':
    case 'code':
      return block.text === '';
    case 'list':
      return block.items.length === 0;
    case 'terms':
      return block.terms.length === 0;
    case 'table':
      return block.rows.length === 0;
    case 'figures':
      return block.figures.length === 0;
    case 'details':
      return block.blocks.every(isEmpty);
  }
}
