/** The vectors e of all items, as the log knows them at its end, and which of them are near to one. */
import { UserError } from '../../common/errors.js';
import { itemVectors } from '../../model/represent.js';
import { itemUnits } from '../../model/shape.js';
import { batchOfItems } from '../build-batch.js';
import type { OpenModel } from '../open-model.js';
import type { Embedded } from './embed-users.js';
import type { VectorWriter } from './vector-writer.js';

/** Items of a block. */
const BLOCK = 4096;

interface Block {
  readonly ids: readonly string[];
  /** [ids, units] */
  readonly vectors: Float32Array;
}

function* blocksOf({ catalogues, weights }: OpenModel): Generator<Block> {
  let ids: string[] = [];
  let rows: number[] = [];
  const block = (): Block => {
    const items = rows.map((row) => catalogues.items.encoded(row));
    const made = { ids, vectors: itemVectors(weights, batchOfItems(weights.shape, items)) };
    [ids, rows] = [[], []];
    return made;
  };
  for (const [id, row] of catalogues.items.latest()) {
    ids.push(id);
    rows.push(row);
    if (ids.length === BLOCK) yield block();
  }
  if (ids.length > 0) yield block();
}

export async function embedItems(model: OpenModel, writer: VectorWriter): Promise<Embedded> {
  const startMs = performance.now();
  let rows = 0;
  for (const { ids, vectors } of blocksOf(model)) {
    await writer.add(ids, vectors);
    rows += ids.length;
  }
  return { rows, units: itemUnits(model.weights.shape), seconds: (performance.now() - startMs) / 1000 };
}

export interface NearItem {
  readonly id: string;
  /** Of the angle between the two vectors. */
  readonly cosine: number;
}

/** The nearest first. @throws UserError for an item that is not known */
export function nearestItems(model: OpenModel, id: string, count: number): NearItem[] {
  const { catalogues, weights } = model;
  const row = catalogues.items.rowOf(id, Number.POSITIVE_INFINITY);
  if (row === undefined)
    throw new UserError(
      `Cannot look for what is near to ${id}: expected an item of the model, got an id that is none`,
    );
  const units = itemUnits(weights.shape);
  const own = itemVectors(weights, batchOfItems(weights.shape, [catalogues.items.encoded(row)]));
  const cosine = (vectors: Float32Array, start: number) => {
    let [product, a, b] = [0, 0, 0];
    for (let unit = 0; unit < units; unit++) {
      const [x, y] = [own[unit]!, vectors[start + unit]!];
      product += x * y;
      a += x * x;
      b += y * y;
    }
    return a > 0 && b > 0 ? product / Math.sqrt(a * b) : 0;
  };
  let near: NearItem[] = [];
  for (const { ids, vectors } of blocksOf(model)) {
    const some = ids.map((other, at) => ({ id: other, cosine: cosine(vectors, at * units) }));
    near = [...near, ...some.filter((item) => item.id !== id)]
      .sort((a, b) => b.cosine - a.cosine)
      .slice(0, count);
  }
  return near;
}
