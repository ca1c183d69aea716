import { beforeAll, describe, expect, it } from 'vitest';
import { chartsOf } from '../../src/report/drafts.js';
import { runDrafts, runPage } from '../../src/report/run-page.js';
import { HARMLESS, HOSTILE } from './hostile.js';
import { pageElements, textsOfAll } from './page-elements.js';
import { bare, example, renamed } from './run-example.js';

const SECTIONS = [
  'Results',
  'Learning',
  'ROC and calibration',
  'Slices',
  'Attention',
  'Behaviours',
  'Ranking',
  'Data',
];

let html: string;

beforeAll(async () => {
  html = await runPage(example);
});

describe('runPage', () => {
  it('is one well-formed file, with links to its sections and nothing from outside', () => {
    const elements = pageElements(html);
    expect(textsOfAll(elements, 'h2')).toEqual(SECTIONS);
    const links = elements.filter(({ name }) => name === 'a');
    expect(links.map(({ text }) => text)).toEqual(SECTIONS);
    const ids = elements.flatMap(({ attributes }) => attributes.id ?? []);
    expect(links.map(({ attributes }) => attributes.href)).toEqual(ids.map((id) => `#${id}`));
    expect(new Set(ids).size).toBe(SECTIONS.length);
    expect(html.replaceAll('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(
      /https?:|src=|url\(|@import|<script|<link|<img/,
    );
  });

  it('says aloud what cannot be believed and what could not be measured, before any number', () => {
    const warning = html.indexOf('AUC of l2r: above 0.98: look for a feature that knows the label.');
    const reason = html.indexOf('GAUC of spp was not measured: no request has both kinds of label.');
    expect(warning).toBeGreaterThan(0);
    expect(reason).toBeGreaterThan(warning);
    expect(html.indexOf('<h2')).toBeGreaterThan(reason);
  });

  it('has a picture for each thing, with its numbers in words', () => {
    const charts = chartsOf(runDrafts(example));
    expect(charts.map(({ name }) => name)).toEqual([
      ...['areas', 'differences'],
      ...['ctr', 'spp', 'l2r', 'ppp'].flatMap((task) => [`loss-${task}`, `validation-${task}`]),
      ...['roc-ctr', 'calibration-ctr', 'roc-spp', 'calibration-spp'],
      ...['roc-ppp', 'calibration-ppp', 'confusion-ppp'],
      ...['slices-ctr', 'slices-spp', 'slices-ppp'],
      ...['behavior', 'age', 'place'].flatMap((by) => [`attention-${by}`, `gates-${by}`]),
      'features-l2r',
      ...['lengths', 'property-behavior', 'property-scenario', 'events-by-day', 'requests-by-day'],
    ]);
    const elements = pageElements(html);
    const drawn = elements.filter(({ name }) => name === 'svg');
    expect(drawn.length).toBe(charts.length);
    for (const { attributes } of drawn) expect(attributes['aria-label']).toMatch(/\. .*\d/);
    expect(textsOfAll(elements, 'desc')).toEqual(charts.map(({ description }) => description));
  });

  it('shows the model with its intervals, baselines below it, and another run', () => {
    expect(html).toContain(
      '<th scope="row">AUC</th><td class="number">0.6712</td><td>0.6512 .. 0.6912</td><td class="number">0.6100</td>' +
        '<td class="number">0.5800</td><td class="number">0.5500</td>',
    );
    expect(html).toContain('<th scope="row">calibration error by chance</th><td class="number">0.0044</td>');
    expect(html).toContain(
      '<th scope="row">AUC of ctr</th><td class="number">0.6712</td><td class="number">0.6600</td>' +
        '<td class="number">+0.0112</td><td>+0.0020 .. +0.0200</td><td class="number">0.014</td><td>better</td>',
    );
    expect(html).toContain('Less is better of log loss');
    expect(html).toContain('ctr on all 8000 samples, ppp on the 390 of 400 samples that both scored');
  });

  it('leaves out what a small run has not', async () => {
    const small = await runPage(bare);
    const elements = pageElements(small);
    expect(textsOfAll(elements, 'h2')).toEqual(['Results', 'Data']);
    expect(small.match(/<svg /g)).toHaveLength(1);
    expect(small).not.toMatch(/95 % interval<\/th>|<nav|class="warnings"/);
    expect(elements.some(({ name, attributes }) => name === 'div' && attributes.class === 'figures')).toBe(
      true,
    );
    expect(small).not.toContain('Model minus baselines');
    expect(textsOfAll(elements, 'summary')).toEqual(['What the tasks, the metrics and the baselines are']);
    const still = pageElements(await runPage({ ...bare, evaluation: { ...bare.evaluation, metrics: {} } }));
    expect(still.filter(({ name }) => name === 'svg')).toEqual([]);
  });

  it('says what its rows and columns are', () => {
    for (const [term, text] of [
      ['GAUC', 'group AUC: the AUC within each request'],
      ['macro AUC', 'the mean over the classes of the AUC'],
      ['prior', 'the shares of the classes in training'],
      ['item', 'the candidate&#39;s own share of positives'],
    ]) {
      expect(html).toContain(`<dt>${term}</dt><dd>${text}`);
    }
    expect(html).not.toContain('<dt>lastItem</dt>');
  });

  it('says by which version, when, by which config and of which kinds of task it was made, where that is known', async () => {
    const made = { version: '9.8.7', at: '2026-03-01T12:30:00.000Z', config: 'name: <mine>\n' };
    const kinds = { ctr: 'binary', ppp: 'multiclass' } as const;
    const page = await runPage({ ...example, made, data: { ...example.data, timeZone: 'UTC', kinds } });
    expect(page).toContain(', on 2026-03-01 12:30 with dupn 9.8.7.');
    expect(textsOfAll(pageElements(page), 'h2').at(-1)).toBe('Config');
    expect(page).toContain('<pre tabindex="0">name: &lt;mine&gt;\n</pre>');
    expect(page).toContain('<dt>ppp</dt><dd>one of several classes (kind: multiclass)</dd>');
    expect(html).not.toContain('with dupn');
  });

  it('folds all but the first part of what has three or more', () => {
    const parts = (heading: string) =>
      runDrafts(example)
        .find((draft) => draft.heading === heading)!
        .blocks.flatMap((block) => (block.kind === 'details' ? [[block.summary, block.open]] : []));
    expect(parts('ROC and calibration')).toEqual([
      ['ctr: ROC and calibration', true],
      ['spp: ROC and calibration', false],
      ['ppp: ROC and calibration', false],
    ]);
    expect(parts('Behaviours').map(([summary]) => summary)).toEqual([
      'By behavior',
      'By time ago',
      'By place in the history',
    ]);
  });

  it('says that a task is weighted, and how much the samples weigh in all', async () => {
    const { ctr } = bare.evaluation.tasks;
    const weighing = (weight: number) =>
      runPage({
        ...bare,
        evaluation: { ...bare.evaluation, tasks: { ctr: { ...ctr!, ...{ weight } } } },
      });
    expect(await weighing(12_345.6789)).toContain('80 users; weighted, 12345.7 in all</h3>');
    expect(await weighing(8000)).not.toContain('weighted');
  });

  it('says so where all slices are of few samples', async () => {
    const { slices } = example.evaluation;
    const ctr = slices.ctr!.map((column) => ({
      ...column,
      slices: column.slices.map((slice) => ({ ...slice, tiny: true })),
    }));
    const page = await runPage({ ...example, evaluation: { ...example.evaluation, slices: { ctr } } });
    expect(page).toContain(
      '<li>ctr: no slice (of 7) has enough samples and users to tell where the task is weak.</li>',
    );
    expect(html).not.toContain('no slice (of');
  });

  it('has no gates for a model without a recurrence', () => {
    const groups = example.insight.groups.map((by) => ({
      ...by,
      groups: by.groups.map((group) => ({ ...group, gates: null })),
    }));
    const charts = chartsOf(runDrafts({ ...example, insight: { ...example.insight, groups } }));
    const names = charts.map(({ name }) => name);
    expect(names).toContain('attention-age');
    expect(names.filter((name) => name.startsWith('gates'))).toEqual([]);
  });

  it('takes hostile text as text everywhere', async () => {
    const hostile = await runPage(renamed(example, HOSTILE));
    const elements = pageElements(hostile);
    expect(hostile).not.toContain('<script');
    expect(hostile).not.toContain('\u0000');
    expect(elements.filter(({ name }) => name === 'svg').length).toBe(32);
    expect(textsOfAll(elements, 'h1')).toEqual([`Run shop${HARMLESS}`]);
    for (const text of [
      `item1${HARMLESS}`,
      `click${HARMLESS}`,
      `few samples`,
      `time: no date${HARMLESS}: 60, data.log.to${HARMLESS}: 40`,
    ]) {
      expect(textsOfAll(elements, 'td')).toContain(text);
    }
  });
});
