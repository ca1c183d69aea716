/** Names, values and paths inside SQL text: the one place where they are quoted. */

/** `"name"`, whatever the name holds. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** `'text'`, whatever the text holds. DuckDB knows no backslash escapes in it. */
export function quoteLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Whether an expression is one of some texts. */
export function isOneOf(expression: string, texts: readonly string[]): string {
  return `${expression} IN (${texts.map(quoteLiteral).join(', ')})`;
}

/** A DOUBLE: a literal without an exponent is a DECIMAL, which overflows when such are multiplied. */
export function doubleLiteral(value: number): string {
  return value.toExponential();
}

/** The path as a glob that matches it alone: DuckDB takes every path that it reads as a glob. */
export function escapeGlob(path: string): string {
  return path.replace(/[*?[]/g, '[$&]');
}
