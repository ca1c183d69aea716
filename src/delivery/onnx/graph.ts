/** An ONNX graph that is written node by node. Its weights lie in a file beside it. */
import { ATTRIBUTE, ELEMENT, type Element, EXTERNAL, encodeModel } from './messages.js';

/** Of the format, and of the operators: what onnxruntime reads since 1.12. */
const IR_VERSION = 8;
const OPERATORS = 17;

/** A size, or the name of one that is told when the model runs. */
export type Dimension = number | string;

/** Where a weight lies in the file of the weights. */
export interface StoredWeight {
  readonly dims: readonly number[];
  readonly offset: number;
  readonly bytes: number;
}

export interface ValueInfo {
  readonly name: string;
  readonly element: Element;
  readonly dims: readonly Dimension[];
}

export type Attributes = Readonly<Record<string, number | readonly number[]>>;

export interface Graph {
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  /** Returns the name. */
  input(name: string, element: Element, dims: readonly Dimension[]): string;
  /** Gives a value another name, under which it leaves the graph. */
  output(name: string, value: string, element: Element, dims: readonly Dimension[]): void;
  /** A node with one result, whose name is returned; a missing input is ''. */
  node(operator: string, inputs: readonly string[], attributes?: Attributes): string;
  /** A weight of the file. */
  weight(name: string, stored: StoredWeight): string;
  /** A constant list of whole numbers, or one of them. */
  integers(values: number | readonly number[]): string;
  /** A constant number. */
  float(value: number): string;
  /** The bytes of the model; `weightsFile` is the name of the file beside it. */
  encode(weightsFile: string): Uint8Array;
}

/** Attributes that are no whole numbers, whatever their value. */
const FLOATS: readonly string[] = ['epsilon'];

export function createGraph(name: string): Graph {
  const nodes: object[] = [];
  const constants = new Map<string, object>();
  const weights = new Map<string, StoredWeight>();
  const inputs: ValueInfo[] = [];
  const outputs: ValueInfo[] = [];
  const add = (operator: string, from: readonly string[], to: string, attributes: Attributes) => {
    nodes.push({
      name: `node_${nodes.length}`,
      opType: operator,
      input: from,
      output: [to],
      attribute: Object.entries(attributes).map(attributeOf),
    });
    return to;
  };
  const constant = (key: string, tensor: object) => {
    if (!constants.has(key)) constants.set(key, { name: key, ...tensor });
    return key;
  };
  return {
    inputs,
    outputs,
    input(name, element, dims) {
      inputs.push({ name, element, dims });
      return name;
    },
    output(name, value, element, dims) {
      add('Identity', [value], name, {});
      outputs.push({ name, element, dims });
    },
    node: (operator, from, attributes = {}) => add(operator, from, `value_${nodes.length}`, attributes),
    weight(name, stored) {
      weights.set(name, stored);
      return name;
    },
    integers(values) {
      const list = [values].flat();
      const rawData = new Uint8Array(BigInt64Array.from(list, BigInt).buffer);
      const dims = typeof values === 'number' ? [] : [list.length];
      return constant(`int_${dims.length === 0 ? 'one' : 'list'}_${list.join('_')}`, {
        dims,
        dataType: ELEMENT.int64,
        rawData,
      });
    },
    float: (value) =>
      constant(`float_${value}`, {
        dims: [],
        dataType: ELEMENT.float,
        rawData: new Uint8Array(Float32Array.of(value).buffer),
      }),
    encode: (weightsFile) =>
      encodeModel({
        irVersion: IR_VERSION,
        producerName: 'dupn',
        opsetImport: [{ domain: '', version: OPERATORS }],
        graph: {
          name,
          node: nodes,
          initializer: [
            ...constants.values(),
            ...[...weights].map(([weight, { dims, offset, bytes }]) => ({
              name: weight,
              dims,
              dataType: ELEMENT.float,
              dataLocation: EXTERNAL,
              externalData: Object.entries({ location: weightsFile, offset, length: bytes }).map(
                ([key, value]) => ({
                  key,
                  value: `${value}`,
                }),
              ),
            })),
          ],
          input: inputs.map(describe),
          output: outputs.map(describe),
        },
      }),
  };
}

function attributeOf([name, value]: readonly [string, number | readonly number[]]) {
  if (typeof value !== 'number') return { name, type: ATTRIBUTE.ints, ints: value };
  return FLOATS.includes(name)
    ? { name, type: ATTRIBUTE.float, f: value }
    : { name, type: ATTRIBUTE.int, i: value };
}

const describe = ({ name, element, dims }: ValueInfo) => ({
  name,
  type: {
    tensorType: {
      elemType: ELEMENT[element],
      shape: { dim: dims.map((dim) => (typeof dim === 'number' ? { dimValue: dim } : { dimParam: dim })) },
    },
  },
});
