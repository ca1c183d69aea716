import { describe, expect, it } from 'vitest';
import { summaryMarkdown, summaryText } from '../../src/common/summary.js';

const summary = {
  title: 'all',
  tables: [
    { title: 'one', header: ['row', 'n'], rows: [['a', 1]] },
    { title: 'two', header: ['row'], rows: [['b|c']] },
  ],
  remarks: ['first', 'second'],
};

describe('summary', () => {
  it('is tables under their titles on the terminal', () => {
    expect(summaryText(summary)).toBe('one\nrow  n\n---  -\na    1\n\ntwo\nrow\n---\nb|c\n\nfirst\nsecond');
  });

  it('is headings, tables and a list as Markdown', () => {
    expect(summaryMarkdown(summary)).toBe(
      '# all\n\n## one\n\n| row | n |\n|---|---|\n| a | 1 |\n\n## two\n\n| row |\n|---|\n| b\\|c |\n\n- first\n- second\n',
    );
  });
});
