/** Texts, names and patterns inside the SQL of Spark: the one place where they are quoted. */

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\0': '\\0',
};

/** `'text'`, whatever the text holds; not with spark.sql.parser.escapedStringLiterals. */
export function sparkLiteral(text: string): string {
  return `'${text.replaceAll(/[\\'\n\r\t\0]/g, (character) => ESCAPES[character]!)}'`;
}

/** `` `name` ``, whatever the name holds. */
export function sparkIdentifier(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/** Whether a text matches a regular expression of Java as a whole. */
export const fullMatch = (text: string, pattern: string): string =>
  `${text} RLIKE ${sparkLiteral(`^(?:${pattern})\\z`)}`;
