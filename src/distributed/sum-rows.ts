/** Gradients of rows of a table, each row once. */
export interface RowGradients {
  /** [rows] */
  readonly indices: Int32Array;
  /** Row by row, [rows, width]. */
  readonly gradient: Float32Array;
}

/** Adds up what `values` [indices, width] have for the same row; rows in the order in which they are first met. */
export function sumRows(indices: Int32Array, values: Float32Array, width: number): RowGradients {
  const slots = new Map<number, number>();
  for (const row of indices) if (!slots.has(row)) slots.set(row, slots.size);
  if (slots.size === indices.length) return { indices, gradient: values };
  const gradient = new Float32Array(slots.size * width);
  indices.forEach((row, at) => {
    const start = slots.get(row)! * width;
    for (let unit = 0; unit < width; unit++) gradient[start + unit]! += values[at * width + unit]!;
  });
  return { indices: Int32Array.from(slots.keys()), gradient };
}
