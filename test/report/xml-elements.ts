/** A small reader of XML, for what charts are made of: elements, attributes, text, the five entities. */

export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** That of elements within left out. */
  readonly text: string;
}

const TAG = /<(\/?)([A-Za-z][\w:-]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/y;
const TEXT = /[^<]+/y;
const BAD_REFERENCE = /&(?!(?:amp|lt|gt|quot|#39);)/;

/** All elements in the order in which they end. @throws Error where the text is not well-formed */
export function xmlElements(xml: string): XmlElement[] {
  const done: XmlElement[] = [];
  const open: { name: string; attributes: Record<string, string>; text: string }[] = [];
  const source = xml.trim();
  let at = 0;
  const take = (pattern: RegExp) => {
    pattern.lastIndex = at;
    const match = pattern.exec(source);
    if (match) at = pattern.lastIndex;
    return match;
  };
  while (at < source.length) {
    const text = take(TEXT)?.[0];
    if (text !== undefined) {
      const parent = open.at(-1);
      if (!parent) throw new Error(`text outside of the root: ${text}`);
      parent.text += decode(text);
      continue;
    }
    const tag = take(TAG);
    if (!tag) throw new Error(`no tag at ${source.slice(at, at + 80)}`);
    const [, closes, name, attributes, closed] = tag;
    if (closes) {
      const element = open.pop();
      if (element?.name !== name) throw new Error(`</${name}> ends ${element?.name}`);
      done.push(element!);
    } else {
      if (open.length === 0 && done.length > 0) throw new Error(`<${name}> is a second root`);
      const element = { name: name!, attributes: attributesOf(attributes!), text: '' };
      if (closed) done.push(element);
      else open.push(element);
    }
  }
  if (open.length > 0) throw new Error(`<${open.at(-1)!.name}> has no end`);
  return done;
}

/** The labels of a chart. */
export function textsOf(elements: readonly XmlElement[]): string[] {
  return elements.filter(({ name }) => name === 'text').map(({ text }) => text);
}

function attributesOf(source: string): Record<string, string> {
  const pairs = [...source.matchAll(/([\w:-]+)="([^"]*)"/g)].map(([, name, value]) => [name, decode(value!)]);
  const record = Object.fromEntries(pairs);
  if (Object.keys(record).length < pairs.length) throw new Error(`an attribute comes twice: ${source}`);
  return record;
}

function decode(text: string): string {
  const bad = BAD_REFERENCE.exec(text);
  if (bad) throw new Error(`no reference: ${text.slice(bad.index, bad.index + 20)}`);
  if ([...text].some((sign) => (sign < ' ' && !'\t\n\r'.includes(sign)) || /[\ufffe\uffff]/.test(sign))) {
    throw new Error('a forbidden sign');
  }
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
}
