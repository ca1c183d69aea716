import { describe, expect, it } from 'vitest';
import { renderPage } from '../../src/report/page.js';
import { STRONGEST_SHADE } from '../../src/report/page-style.js';
import { HOSTILE } from './hostile.js';

const page = (text: string) =>
  renderPage({
    title: text,
    lead: text,
    warnings: [text],
    sections: [
      {
        heading: text,
        blocks: [
          { kind: 'text', text },
          { kind: 'code', text },
          { kind: 'list', items: [text] },
          { kind: 'terms', terms: [{ term: text, text }] },
          { kind: 'table', title: text, header: [text, 'n'], rows: [[text, text]] },
          { kind: 'figures', figures: [{ svg: '<svg></svg>', caption: text }] },
          { kind: 'details', summary: text, blocks: [{ kind: 'text', text }] },
        ],
      },
    ],
  });

describe('renderPage', () => {
  it('is one file without scripts, for light and dark, phones and paper', () => {
    const html = page('a');
    expect(html).toMatch(/^<!DOCTYPE html>\n<html lang="en">/);
    expect(html).not.toMatch(/http|url\(|href|src=|@import|<script|<link/);
    for (const query of ['screen and (prefers-color-scheme:dark)', '(max-width:36rem)', 'print']) {
      expect(html).toContain(`@media ${query}{`);
    }
    expect(html).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">');
  });

  it('shows each kind of block', () => {
    const html = page('a');
    for (const part of [
      '<h1>a</h1>',
      '<p class="lead">a</p>',
      '<h2>a</h2>',
      '<p>a</p>',
      '<li>a</li>',
      '<pre tabindex="0">a</pre>',
      '<ul class="warnings" role="note" aria-label="warnings">\n<li>a</li>',
      '<details>\n<summary>a</summary>\n<p>a</p>\n</details>',
      '<dt>a</dt><dd>a</dd>',
      '<h3>a</h3>',
      '<figcaption>a</figcaption>',
      '<svg></svg>',
    ]) {
      expect(html).toContain(part);
    }
  });

  it('puts columns of numbers to the right, and dashes for what is missing', () => {
    const html = renderPage({
      title: 't',
      lead: '',
      sections: [
        {
          heading: 'h',
          blocks: [
            {
              kind: 'table',
              title: 'one',
              header: ['row', 'value', 'text', 'count'],
              rows: [
                ['1', '0.5000', 'x', 3],
                ['b', null, '7', null],
              ],
            },
          ],
        },
      ],
    });
    expect(html).toContain(
      '<th scope="col">row</th><th scope="col" class="number">value</th><th scope="col">text</th><th scope="col" class="number">count</th>',
    );
    expect(html).toContain(
      '<tr><th scope="row">b</th><td class="number">-</td><td>7</td><td class="number">-</td></tr>',
    );
  });

  it('colours rows by their shade, and marks cells', () => {
    const table = {
      title: 't',
      header: ['weight', 'x'],
      rows: [
        ['1.0 %', 'a'],
        ['9.5 %', 'b'],
      ],
      shades: [0.12345, 1],
      bold: [[1, 1]] as const,
    };
    const html = renderPage({
      title: 't',
      lead: '',
      sections: [{ heading: 'h', blocks: [{ kind: 'table', ...table }] }],
    });
    expect(html).toContain(
      '<tr class="shaded" style="--shade:0.123"><th scope="row" class="number">1.0 %</th><td>a</td></tr>',
    );
    expect(html).toContain(
      '<tr class="shaded" style="--shade:1"><th scope="row" class="number">9.5 %</th><td><strong>b</strong></td></tr>',
    );
    expect(html).toContain(`.shaded>*{background:rgb(var(--tint)/calc(var(--shade)*${STRONGEST_SHADE}))`);
  });

  it('links to the sections of a long page, and of no short one', () => {
    const of = (count: number) =>
      renderPage({
        title: 't',
        lead: '',
        sections: Array.from({ length: count }, (_, at) => ({ heading: `h${at}`, blocks: [] })),
      });
    expect(of(5)).not.toMatch(/<nav|id=/);
    expect(of(6)).toContain('<li><a href="#part-6">h5</a></li>');
    expect(of(6)).toContain('<section id="part-6">\n<h2>h5</h2>');
  });

  it('opens details where that is asked for, and leaves out an empty caption', () => {
    const html = renderPage({
      title: 't',
      lead: '',
      sections: [
        {
          heading: 'h',
          blocks: [
            { kind: 'details', summary: 's', open: true, blocks: [] },
            { kind: 'figures', figures: [{ svg: '<svg></svg>', caption: '' }] },
          ],
        },
      ],
    });
    expect(html).toContain('<details open="">');
    expect(html).toContain('<figure>\n<svg></svg>\n</figure>');
  });

  it('lets columns of long texts go on in a second line, and no others', () => {
    const long = 'x'.repeat(40);
    const html = renderPage({
      title: 't',
      lead: '',
      sections: [
        {
          heading: 'h',
          blocks: [{ kind: 'table', title: 'n', header: ['a', 'b', 'c'], rows: [['r', long, 's']] }],
        },
      ],
    });
    expect(html).toContain(`<td class="long">${long}</td><td>s</td>`);
    expect(html).toMatch(/td\.long\{white-space:normal/);
  });

  it('takes hostile text as text everywhere', () => {
    const html = page(HOSTILE);
    expect(html).not.toContain('<script');
    const ends = (of: string) => html.split(of).length - 1;
    expect([ends('</title>'), ends('</style>'), ends('\u0000')]).toEqual([1, 1, 0]);
    expect(ends('alert(1)')).toBe(page('zzz').split('zzz').length - 1);
  });
});
