/** The part of onnx.proto (IR version 8) that our models are made of, by its own names and numbers. */
import protobuf from 'protobufjs/light.js';

const { Root } = protobuf;

/** [number, type] of a field, or ['repeated', number, type]. */
type FieldOf = readonly [number, string] | readonly ['repeated', number, string];

const MESSAGES: Readonly<Record<string, Readonly<Record<string, FieldOf>>>> = {
  ModelProto: {
    irVersion: [1, 'int64'],
    producerName: [2, 'string'],
    producerVersion: [3, 'string'],
    graph: [7, 'GraphProto'],
    opsetImport: ['repeated', 8, 'OperatorSetIdProto'],
  },
  OperatorSetIdProto: { domain: [1, 'string'], version: [2, 'int64'] },
  GraphProto: {
    node: ['repeated', 1, 'NodeProto'],
    name: [2, 'string'],
    initializer: ['repeated', 5, 'TensorProto'],
    input: ['repeated', 11, 'ValueInfoProto'],
    output: ['repeated', 12, 'ValueInfoProto'],
  },
  NodeProto: {
    input: ['repeated', 1, 'string'],
    output: ['repeated', 2, 'string'],
    name: [3, 'string'],
    opType: [4, 'string'],
    attribute: ['repeated', 5, 'AttributeProto'],
  },
  AttributeProto: {
    name: [1, 'string'],
    f: [2, 'float'],
    i: [3, 'int64'],
    ints: ['repeated', 8, 'int64'],
    type: [20, 'int32'],
  },
  TensorProto: {
    dims: ['repeated', 1, 'int64'],
    dataType: [2, 'int32'],
    name: [8, 'string'],
    rawData: [9, 'bytes'],
    externalData: ['repeated', 13, 'StringStringEntryProto'],
    dataLocation: [14, 'int32'],
  },
  StringStringEntryProto: { key: [1, 'string'], value: [2, 'string'] },
  ValueInfoProto: { name: [1, 'string'], type: [2, 'TypeProto'] },
  TypeProto: { tensorType: [1, 'TensorTypeProto'] },
  TensorTypeProto: { elemType: [1, 'int32'], shape: [2, 'TensorShapeProto'] },
  TensorShapeProto: { dim: ['repeated', 1, 'DimensionProto'] },
  DimensionProto: { dimValue: [1, 'int64'], dimParam: [2, 'string'] },
};

const root = Root.fromJSON({
  nested: Object.fromEntries(
    Object.entries(MESSAGES).map(([message, fields]) => [
      message,
      {
        fields: Object.fromEntries(
          Object.entries(fields).map(([name, field]) => [
            name,
            field[0] === 'repeated'
              ? { rule: 'repeated', id: field[1] as number, type: field[2] as string }
              : { id: field[0] as number, type: field[1] as string },
          ]),
        ),
      },
    ]),
  ),
});

/** TensorProto.DataType. */
export const ELEMENT = { float: 1, int64: 7, bool: 9 } as const;
export type Element = keyof typeof ELEMENT;

/** TensorProto.DataLocation: the data lies in a file beside the model. */
export const EXTERNAL = 1;

/** AttributeProto.AttributeType. */
export const ATTRIBUTE = { float: 1, int: 2, ints: 7 } as const;

/** The bytes of a ModelProto. */
export function encodeModel(model: Readonly<Record<string, unknown>>): Uint8Array {
  const type = root.lookupType('ModelProto');
  return type.encode(type.fromObject(model)).finish();
}
