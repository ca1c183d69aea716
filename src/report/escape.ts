/** Text of users in HTML and SVG. */

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Safe as content and in quoted attributes. */
export function escapeXml(text: string): string {
  return replaceForbidden(text).replace(/[&<>"']/g, (sign) => ENTITIES[sign]!);
}

/** Control signs and halves of surrogate pairs, which XML can't hold even as entities, become U+FFFD. */
export function replaceForbidden(text: string): string {
  return text.replace(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, '\uFFFD');
}
