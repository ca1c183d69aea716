import { beforeAll, describe, expect, it } from 'vitest';
import { backtestSummary } from '../../src/experiments/backtest-text.js';
import { comparisonSummary } from '../../src/experiments/comparison-text.js';
import type { ComparisonResult } from '../../src/experiments/summarise.js';
import { summariseTransfer } from '../../src/experiments/summarise-transfer.js';
import { transferSummary } from '../../src/experiments/transfer-text.js';
import { type Experiment, mergedPage } from '../../src/report/merged-page.js';
import { result as backtest } from '../experiments/backtest-example.js';
import { plan, runs } from '../experiments/transfer-example.js';
import { comparison } from './comparison-example.js';
import { HARMLESS, HOSTILE } from './hostile.js';
import { pageElements, textsOfAll } from './page-elements.js';
import { bare, example, renamed } from './run-example.js';

const transferOf = (name: string): Experiment => {
  const result = summariseTransfer({ ...plan, name }, runs);
  return { kind: 'transfer', result, summary: transferSummary(result) };
};
const comparisonOf = (change: Partial<ComparisonResult> = {}): Experiment => {
  const result = { ...comparison, ...change };
  return { kind: 'comparison', result, summary: comparisonSummary(result) };
};
const backtestOf = (): Experiment => ({
  kind: 'backtest',
  result: backtest,
  summary: backtestSummary(backtest),
});

const better = {
  ...example,
  evaluation: { ...example.evaluation, metrics: { ...example.evaluation.metrics, 'auc[ctr]': 0.6812 } },
};

let html: string;

beforeAll(async () => {
  html = await mergedPage({ shop: example, better }, [transferOf('demo'), comparisonOf(), backtestOf()]);
});

describe('mergedPage', () => {
  it('has the runs, then each experiment as its own page has it', () => {
    const elements = pageElements(html);
    expect(textsOfAll(elements, 'h2')).toEqual([
      ...['Runs', 'Results', 'Learning', 'ROC'],
      ...['Transfer demo', 'Transfer demo: Results', 'Transfer demo: Curves', 'Transfer demo: Runs'],
      'Comparison paper',
      ...['Backtest demo', 'Backtest demo: By day', 'Backtest demo: Results', 'Backtest demo: Runs'],
    ]);
    expect(textsOfAll(elements, 'p')).toContain(
      'shop, better, Transfer demo, Comparison paper, Backtest demo.',
    );
    // AUC by task; loss and validation of 4 tasks; ROC of 2; of a transfer 4, a comparison 1, a backtest 5.
    expect(html.match(/<svg /g)).toHaveLength(1 + 8 + 2 + 4 + 1 + 5);
    expect(html.replaceAll('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(/https?:|src=|<script/);
  });

  it('sets the runs against each other, the best marked', () => {
    expect(html).toContain(
      '<th scope="row">AUC</th><td class="number">0.6712</td><td>0.6512 .. 0.6912</td><td class="number"><strong>0.6812</strong></td><td>0.6512 .. 0.6912</td>' +
        '<td class="number">0.6100</td>',
    );
    const alt = pageElements(html).flatMap(({ attributes }) => attributes['aria-label'] ?? []);
    expect(alt).toContainEqual(
      expect.stringMatching(/^ROC of ctr\. shop: finds 30 % .*; better: finds 30 %/),
    );
    expect(alt).toContainEqual(
      expect.stringMatching(/^AUC of ctr in validation\. shop from 0\.6000 at step 100 .*; better from/),
    );
    expect(html).toContain('better: AUC of l2r: above 0.98');
    expect(alt).toContainEqual(
      expect.stringMatching(
        /^AUC by task\. ctr, AUC: shop 0\.6712, better 0\.6812, best baseline item 0\.6100;/,
      ),
    );
  });

  it('does not let intervals that overlap decide, and shows what was measured of a difference', async () => {
    expect(html).toContain(
      'Bold: the best of the runs, which says nothing of chance. Nor do intervals that overlap',
    );
    const { evaluation } = example;
    const alone = { ...example, evaluation: { ...evaluation, against: null } };
    const headings = textsOfAll(pageElements(await mergedPage({ shop: example, alone }, [])), 'h3');
    expect(headings.filter((text) => text.includes('against'))).toEqual(['shop against runs/before']);
  });

  it('shows what variants differ by from the base', () => {
    const alt = pageElements(html).flatMap(({ attributes }) => attributes['aria-label'] ?? []);
    expect(alt).toContain(
      'AUC of ctr against the base. nobp -0.0200 (-0.0300 .. -0.0100); all +0.0100; base 0.7000.',
    );
  });

  it('is that of an experiment alone under its own name', async () => {
    const alone = await mergedPage({}, [comparisonOf()]);
    const elements = pageElements(alone);
    expect(textsOfAll(elements, 'h1')).toEqual(['Comparison paper']);
    expect(textsOfAll(elements, 'h2')).toEqual(['Results']);
    expect(alone.match(/<svg /g)).toHaveLength(1);
  });

  it('warns of runs of other samples, and works where one has no curves', async () => {
    const other = await mergedPage({ shop: example, bare: renamed(bare, '') }, []);
    pageElements(other);
    expect(other).not.toContain('not all runs are measured on the same samples');
    const { ctr } = bare.evaluation.tasks;
    const tasks = { ctr: { ...ctr!, labels: [1, 1] } };
    const warned = await mergedPage(
      { shop: example, bare: { ...bare, evaluation: { ...bare.evaluation, tasks } } },
      [],
    );
    expect(warned).toContain('ctr: not all runs are measured on the same samples');
  });

  it('takes hostile text as text everywhere', async () => {
    const hostile = await mergedPage({ [`a${HOSTILE}`]: renamed(example, HOSTILE), b: example }, [
      transferOf(HOSTILE),
      comparisonOf({
        name: HOSTILE,
        base: HOSTILE,
        metrics: { [`auc[${HOSTILE}]`]: comparison.metrics['auc[ctr]']! },
      }),
    ]);
    const elements = pageElements(hostile);
    expect(hostile).not.toContain('<script');
    expect(textsOfAll(elements, 'dt')).toContain(`a${HARMLESS}`);
    expect(textsOfAll(elements, 'h2')).toContain(`Comparison ${HARMLESS}`);
    expect(textsOfAll(elements, 'title')).toContain(`AUC of ${HARMLESS} against the base`);
  });
});
