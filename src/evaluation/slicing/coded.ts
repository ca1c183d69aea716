/** Columns of slices as codes of what they are known of: requests, or candidates. */

export interface CodedColumn {
  readonly column: string;
  /** By code, at most 256. */
  readonly values: readonly string[];
  /** Of each request that is measured, or of each row of what is judged. */
  readonly codes: Uint8Array;
}

/** Codes of `length` rows by a function of the row. */
export function codeRows(
  column: string,
  values: readonly string[],
  length: number,
  codeAt: (row: number) => number,
): CodedColumn {
  const codes = new Uint8Array(length);
  for (let row = 0; row < length; row++) codes[row] = codeAt(row);
  return { column, values, codes };
}
