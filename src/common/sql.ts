/** Names, values and paths inside SQL text: the one place where they are quoted. */

/** `"name"`, whatever the name holds. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** `'text'`, whatever the text holds. DuckDB knows no backslash escapes in it. */
export function quoteLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A DOUBLE: a literal without an exponent is a DECIMAL, which overflows when such are multiplied. */
export function doubleLiteral(value: number): string {
  return value.toExponential();
}

/** The path as a glob that matches it alone: DuckDB takes every path that it reads as a glob. */
export function escapeGlob(path: string): string {
  return path.replace(/[*?[]/g, '[$&]');
}
