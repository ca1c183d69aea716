/** The weights of a model, in TensorFlow's memory: dense weights by name and embedding tables by name. */
import type { Tensor } from '@tensorflow/tfjs-node';
import { numbers } from '../engine/numbers.js';
import { normal, tensorSeed, uniform } from '../engine/random.js';
import { chunksOf, ResourceVariable } from '../engine/resource-variable.js';
import { type RowPart, takePart, WHOLE } from '../engine/row-part.js';
import { tf } from '../engine/tf.js';
import {
  type ParameterSpec,
  parameterSpecs,
  statisticSpecs,
  type TableSpec,
  tableSpecs,
} from './parameters.js';
import type { ModelShape } from './shape.js';

export interface ModelWeights {
  readonly shape: ModelShape;
  readonly dense: ReadonlyMap<string, ResourceVariable>;
  /** `<group>/<field>` -> [rows, size]; of the rows, those of a part where several processes share them. */
  readonly tables: ReadonlyMap<string, ResourceVariable>;
  /** Moving statistics of normalised layers. */
  readonly statistics: ReadonlyMap<string, ResourceVariable>;
  /** Frees all of them. */
  dispose(): void;
}

/** The variables that a checkpoint keeps, by name. */
export function allVariables({ dense, tables, statistics }: ModelWeights): Map<string, ResourceVariable> {
  return new Map([...dense, ...tables, ...statistics]);
}

/** Weights of the given shape, all zero: for a checkpoint to be read into. `part` is what of each table is here; null for nothing. */
export function emptyWeights(shape: ModelShape, part: RowPart | null = WHOLE): ModelWeights {
  const dense = new Map(parameterSpecs(shape).map((spec) => [spec.name, new ResourceVariable(spec.shape)]));
  const statistics = new Map(
    statisticSpecs(shape).map((spec) => [spec.name, new ResourceVariable(spec.shape)]),
  );
  const tables = new Map(
    part
      ? tableSpecs(shape).map((spec) => [spec.name, new ResourceVariable([spec.rows, spec.size], part)])
      : [],
  );
  return {
    shape,
    dense,
    tables,
    statistics,
    dispose() {
      for (const variables of [dense, tables, statistics]) {
        for (const variable of variables.values()) variable.dispose();
      }
    },
  };
}

/**
 * Fresh weights. Every weight draws from a seed of its own name, so adding a task changes no other weight's start.
 * Embeddings start as normal numbers of the given standard deviation; a row starts the same whatever part of its table is here.
 */
export function initialWeights(
  shape: ModelShape,
  seed: number,
  embeddingDeviation: number,
  part: RowPart | null = WHOLE,
): ModelWeights {
  const weights = emptyWeights(shape, part);
  for (const spec of parameterSpecs(shape)) {
    tf.tidy(() => weights.dense.get(spec.name)!.assign(initialValue(spec, seed)));
  }
  for (const spec of statisticSpecs(shape)) {
    tf.tidy(() => weights.statistics.get(spec.name)!.assign(initialValue(spec, seed)));
  }
  for (const spec of part ? tableSpecs(shape) : []) {
    for (const [start, rows] of initialRows(spec, seed, embeddingDeviation)) {
      writePart(weights.tables.get(spec.name)!, start, rows);
    }
  }
  return weights;
}

function initialValue({ name, shape, initial }: ParameterSpec, seed: number): Tensor {
  switch (initial.kind) {
    case 'zeros':
      return tf.zeros([...shape]);
    case 'ones':
      return tf.ones([...shape]);
    case 'forgetBias': {
      const units = shape[0]! / 4;
      return tf.concat([tf.zeros([units]), tf.ones([units]), tf.zeros([2 * units])]);
    }
    case 'uniform': {
      const bound = 1 / Math.sqrt(initial.fanIn);
      return tf.sub(tf.mul(uniform(shape, tensorSeed(seed, name)), 2 * bound), bound);
    }
  }
}

/** The rows that a table starts with, some at a time: the number of the first one, and what they hold. */
export function* initialRows(
  { name, rows, size, zeroRows }: TableSpec,
  seed: number,
  deviation: number,
): Generator<readonly [number, Float32Array]> {
  for (const [start, end] of chunksOf([rows, size])) {
    const drawn = numbers(() =>
      tf.mul(normal([end - start, size], tensorSeed(seed, name, start)), deviation),
    );
    drawn.fill(0, 0, Math.max(0, Math.min(zeroRows, end) - start) * size);
    yield [start, drawn];
  }
}

/** Of the whole rows from `start` on, writes those that are here. */
export function writePart(variable: ResourceVariable, start: number, values: Float32Array): void {
  const { first, rows } = takePart(values, start, variable.whole[1] ?? 1, variable.part);
  if (rows.length > 0) variable.writeRows(first, rows);
}
