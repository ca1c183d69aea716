/** Several safetensors files as one: weights that one of them has whole, and tables whose rows are spread over others. */
import { createHash } from 'node:crypto';
import type { SafetensorsFile } from './safetensors.js';

/** `parts` hold the tables (name -> shape of the whole), row r in file r mod parts. The result closes all of them. */
export function joinFiles(
  first: SafetensorsFile,
  parts: readonly SafetensorsFile[],
  tables: ReadonlyMap<string, readonly number[]>,
): SafetensorsFile {
  return {
    path: first.path,
    shapes: new Map([...first.shapes, ...tables]),
    async readRows(name, start, end, step = 1) {
      const table = tables.get(name);
      if (!table) return first.readRows(name, start, end, step);
      const width = table.slice(1).reduce((a, b) => a * b, 1);
      const rows = new Float32Array(Math.ceil((end - start) / step) * width);
      for (const [index, file] of parts.entries()) {
        // Every `stride`th of the rows that are asked for lies in this file, from the first one that does.
        const stride = parts.length / greatestCommonDivisor(step, parts.length);
        let place = 0;
        while (place < stride && (start + place * step) % parts.length !== index) place++;
        if (place === stride || start + place * step >= end) continue;
        const count = Math.ceil((rows.length / width - place) / stride);
        const apart = (step * stride) / parts.length;
        const from = Math.floor((start + place * step) / parts.length);
        const read = await file.readRows(name, from, from + (count - 1) * apart + 1, apart);
        for (let at = 0; at < count; at++) {
          rows.set(read.subarray(at * width, (at + 1) * width), (place + at * stride) * width);
        }
      }
      return rows;
    },
    async sha256() {
      const hash = createHash('sha256');
      for (const file of [first, ...parts]) hash.update(await file.sha256());
      return hash.digest('hex');
    },
    async close() {
      for (const file of [first, ...parts]) await file.close();
    },
  };
}

const greatestCommonDivisor = (a: number, b: number): number =>
  b === 0 ? a : greatestCommonDivisor(b, a % b);
