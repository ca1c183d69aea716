/** Positions of the rows that each of `size` holders has: row r is with holder r mod size. */
export function byHolder(rows: Int32Array, size: number): number[][] {
  const positions: number[][] = Array.from({ length: size }, () => []);
  for (const [position, row] of rows.entries()) positions[row % size]!.push(position);
  return positions;
}
