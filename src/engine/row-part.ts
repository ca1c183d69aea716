/** Rows that are spread over several holders: row r is with holder r mod `of`, as its row floor(r / of). */
export interface RowPart {
  readonly index: number;
  readonly of: number;
}

export const WHOLE: RowPart = { index: 0, of: 1 };

/** How many of `rows` a holder has; at least one, as no variable is empty. */
export const rowsOfPart = (rows: number, { index, of }: RowPart): number =>
  Math.max(1, Math.ceil((rows - index) / of));

/** Of the rows [start, start + values / width) of a whole, those of a part, and the place of the first one there. */
export function takePart(
  values: Float32Array,
  start: number,
  width: number,
  { index, of }: RowPart,
): { readonly first: number; readonly rows: Float32Array } {
  const first = Math.max(0, Math.ceil((start - index) / of));
  const end = Math.max(first, Math.ceil((start + values.length / width - index) / of));
  const rows = new Float32Array((end - first) * width);
  for (let place = first; place < end; place++) {
    const from = (index + place * of - start) * width;
    rows.set(values.subarray(from, from + width), (place - first) * width);
  }
  return { first, rows };
}
