/** Calls any TensorFlow kernel by its name, with the attributes and inputs that its op declares. */
import type { Tensor } from '@tensorflow/tfjs-node';
import { tf } from './tf.js';

/** The parts of tfjs-node's backend and binding that a call by name needs; not in its public types. */
interface Binding {
  executeOp(
    name: string,
    attributes: readonly Attribute[],
    inputs: readonly number[],
    numOutputs: number,
  ): object[];
  createTensor(shape: readonly number[], dtype: number, values: ArrayBufferView): number;
  deleteTensor(id: number): void;
  readonly TF_FLOAT: number;
  readonly TF_INT32: number;
  readonly TF_INT64: number;
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_SHAPE: number;
}

interface Backend {
  readonly binding: Binding;
  getInputTensorIds(tensors: readonly Tensor[]): number[];
  createOutputTensor(metadata: object): Tensor;
}

export interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly value: boolean | number | string | readonly number[];
}

/** A 64-bit integer scalar, which tfjs has no tensor for. */
export interface Int64 {
  readonly int64: number;
}

const backend = tf.backend() as unknown as Backend;
const binding = backend.binding;

export const FLOAT = binding.TF_FLOAT;
export const INT32 = binding.TF_INT32;

/** Attributes of an op, by their type. */
export const attribute = {
  type: (name: string, value: number): Attribute => ({ name, type: binding.TF_ATTR_TYPE, value }),
  bool: (name: string, value: boolean): Attribute => ({ name, type: binding.TF_ATTR_BOOL, value }),
  int: (name: string, value: number): Attribute => ({ name, type: binding.TF_ATTR_INT, value }),
  float: (name: string, value: number): Attribute => ({ name, type: binding.TF_ATTR_FLOAT, value }),
  string: (name: string, value: string): Attribute => ({ name, type: binding.TF_ATTR_STRING, value }),
  shape: (name: string, value: readonly number[]): Attribute => ({
    name,
    type: binding.TF_ATTR_SHAPE,
    value,
  }),
};

/**
 * Runs the kernel `name`. The outputs belong to the scope around the call (`tf.tidy`) like those of any operation;
 * the tape does not see them, so a gradient needs `tf.customGrad`.
 */
export function kernel(
  name: string,
  attributes: readonly Attribute[],
  inputs: readonly (Tensor | Int64)[],
  numOutputs: number,
): Tensor[] {
  const temporary: number[] = [];
  const ids = inputs.map((input) => {
    if (!('int64' in input)) return backend.getInputTensorIds([input])[0]!;
    const id = binding.createTensor([], binding.TF_INT64, Int32Array.of(input.int64, 0));
    temporary.push(id);
    return id;
  });
  try {
    return binding
      .executeOp(name, attributes, ids, numOutputs)
      .map((output) => backend.createOutputTensor(output));
  } finally {
    for (const id of temporary) binding.deleteTensor(id);
  }
}

/** `kernel` for the many ops that have one output. */
export function kernelOne(
  name: string,
  attributes: readonly Attribute[],
  inputs: readonly (Tensor | Int64)[],
): Tensor {
  return kernel(name, attributes, inputs, 1)[0]!;
}
