import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeXml, replaceForbidden } from '../../src/report/escape.js';
import { xmlElements } from './xml-elements.js';

describe('escapeXml', () => {
  it('takes the meaning from signs of XML', () => {
    expect(escapeXml(`<a href="x" title='y'>&amp;</a>`)).toBe(
      '&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;amp;&lt;/a&gt;',
    );
  });

  it('leaves any text readable, as content and as an attribute', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const [element] = xmlElements(`<a b="${escapeXml(text)}">${escapeXml(text)}</a>`);
        expect(element).toEqual({
          name: 'a',
          attributes: { b: replaceForbidden(text) },
          text: replaceForbidden(text),
        });
      }),
    );
  });
});

describe('replaceForbidden', () => {
  it('replaces what XML cannot hold, and nothing else', () => {
    expect(replaceForbidden('a\u0000b\u001fc\ud800d\uffffe')).toBe('a\ufffdb\ufffdc\ufffdd\ufffde');
    expect(replaceForbidden('\t\n\r \u7528\u6237 \u{1f600}')).toBe('\t\n\r \u7528\u6237 \u{1f600}');
  });
});
