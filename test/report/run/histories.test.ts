import { describe, expect, it } from 'vitest';
import type { ShownBehaviour } from '../../../src/evaluation/insight/insight.js';
import type { Block, PageTable } from '../../../src/report/page.js';
import { historyBlocks } from '../../../src/report/run/histories.js';
import { example } from '../run-example.js';

type Details = Extract<Block, { kind: 'details' }>;

const blocks = historyBlocks(example.insight.histories, ['ppp'], 'UTC') as Details[];

const tableOf = (details: Details, title: string) =>
  details.blocks.find((block) => block.kind === 'table' && block.title === title) as PageTable | undefined;

const textsOf = (details: Details) =>
  details.blocks.flatMap((block) => (block.kind === 'text' ? [block.text] : []));

describe('historyBlocks', () => {
  it('opens the first history', () => {
    expect(blocks.map(({ open }) => open)).toEqual([true, false, false]);
    expect(blocks[0]!.summary).toBe('User u17, 2026-01-14 14:13: 20 behaviours');
  });

  it('shows the fifteen largest weights in the order of time, coloured by weight, and what is left out', () => {
    const { rows, shades } = tableOf(blocks[0]!, 'Behaviours, latest first')!;
    // Weights of 210: 11, 19, 18, .. 12, 20, 10, .. 6 | 5, 4, 3, 2, 1.
    expect(rows.map(([weight]) => weight).slice(0, 3)).toEqual(['5.2 %', '9.0 %', '8.6 %']);
    expect(rows.map((row) => row[5])).toEqual(Array.from({ length: 15 }, (_, at) => `item${at + 1}`));
    expect(shades![9]).toBe(1);
    expect(shades![0]).toBeCloseTo(11 / 20, 12);
    expect(shades![14]).toBeCloseTo(6 / 20, 12);
    // 15 of 210.
    expect(textsOf(blocks[0]!).at(-1)).toBe(
      '5 behaviours more, with 7.1 % of the attention together, are left out.',
    );
  });

  it('keeps the order of time where the largest weights are the oldest', () => {
    const [first] = example.insight.histories;
    const behaviours: ShownBehaviour[] = first!.behaviours.map((each, at) => ({
      ...each,
      weight: (at + 1) / 210,
    }));
    const [details] = historyBlocks([{ ...first!, behaviours }], [], 'UTC') as [Details];
    const items = tableOf(details, 'Behaviours, latest first')!.rows.map((row) => row[5]);
    expect(items).toEqual(Array.from({ length: 15 }, (_, at) => `item${at + 6}`));
  });

  it('says what was asked, and sets the predictions against the labels', () => {
    expect(blocks.map((block) => textsOf(block)[0])).toEqual([
      'Asked with the words: red shoes',
      'Asked with the candidate: item7',
      'Asked with nothing: the attention knows the behaviours and the user alone.',
    ]);
    expect(tableOf(blocks[0]!, 'Predictions')!.rows).toEqual([
      ['ctr', 'item7', 1, '0.0812 for label 1'],
      ['ctr', 'item9', 0, '0.0123 for label 1'],
      ['ppp', null, 2, '0.4000 for label 2'],
    ]);
  });

  it('has columns of gates only where there are some', () => {
    const header = (at: number) => tableOf(blocks[at]!, 'Behaviours, latest first')?.header;
    expect(header(0)).toEqual([
      ...['weight', 'time ago', 'behavior', 'scenario', 'gates: input / forget / output'],
      ...['item id', 'shop', 'category', 'tags'],
    ]);
    // The first behaviour: .2, 1 - .1, .3 + .1.
    expect(tableOf(blocks[0]!, 'Behaviours, latest first')!.rows[0]![4]).toBe('0.20 / 0.90 / 0.40');
    expect(header(1)).toEqual([
      ...['weight', 'time ago', 'behavior', 'scenario', 'item id', 'shop', 'category', 'tags'],
    ]);
    expect(header(2)).toBeUndefined();
  });

  it('says that there were no words, where the text is empty or stands for nothing', () => {
    const [first] = example.insight.histories;
    for (const text of ['', '(missing)']) {
      const [details] = historyBlocks([{ ...first!, asked: { kind: 'text', text } }], [], 'UTC') as [Details];
      expect(textsOf(details)[0]).toBe('Asked without words.');
    }
  });

  it('has a field of the item id only where it says something else', () => {
    const [first] = example.insight.histories;
    const header = (textOf: (each: ShownBehaviour) => string) => {
      const behaviours = first!.behaviours.map((each) => ({
        ...each,
        item: { item: textOf(each), ...each.item },
      }));
      const [details] = historyBlocks([{ ...first!, behaviours }], [], 'UTC') as [Details];
      return tableOf(details, 'Behaviours, latest first')!.header;
    };
    expect(header(({ itemId }) => itemId)).not.toContain('item');
    expect(header(() => '(out of vocabulary)')).toEqual(expect.arrayContaining(['item id', 'item']));
  });
});
