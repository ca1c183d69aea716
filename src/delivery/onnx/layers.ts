/** What the graphs have in common: embeddings of fields, dense layers, the attention. */
import type { FieldShape, RowShape } from '../../model/shape.js';
import type { Graph, StoredWeight } from './graph.js';

/** A graph, and the weights that it may read. */
export interface Writer {
  readonly graph: Graph;
  /** The name of a weight of the file, which becomes one of the graph. */
  weight(name: string): string;
}

export function writerOf(graph: Graph, stored: ReadonlyMap<string, StoredWeight>): Writer {
  return { graph, weight: (name) => graph.weight(name, stored.get(name)!) };
}

/**
 * The vectors of rows of items or of an entity, [rows, units]. Inputs `<prefix>.<field>` int64 [rows], of a multi-valued
 * field [rows, values] filled up with -1, and `<prefix>.numbers` [rows, numbers] where there are any.
 */
export function rowVectors(
  writer: Writer,
  { fields, numbers }: RowShape,
  prefix: string,
  rows: string,
): string {
  const { graph } = writer;
  const vectors = fields.map((field) => fieldVectors(writer, field, prefix, rows));
  if (numbers.length > 0) vectors.push(graph.input(`${prefix}.numbers`, 'float', [rows, numbers.length]));
  return concat(graph, vectors, 1);
}

/** The vectors of one field, [rows, size]. */
export function fieldVectors(writer: Writer, field: FieldShape, prefix: string, rows: string): string {
  const { graph, weight } = writer;
  const table = weight(field.table);
  const name = `${prefix}.${field.name}`;
  if (!field.pooling) return graph.node('Gather', [table, graph.input(name, 'int64', [rows])]);
  const { sum, count } = pooled(writer, field, graph.input(name, 'int64', [rows, `${name}.values`]));
  if (field.pooling === 'sum') return sum;
  return graph.node('Div', [sum, graph.node('Max', [count, graph.float(1)])]);
}

/** Of rows of table rows filled up with -1: the sum of their vectors [rows, size], and how many there are [rows, 1]. */
function pooled({ graph, weight }: Writer, field: FieldShape, values: string) {
  const zero = graph.integers(0);
  const isThere = graph.node('Cast', [graph.node('GreaterOrEqual', [values, zero])], { to: 1 });
  const vectors = graph.node('Gather', [weight(field.table), graph.node('Max', [values, zero])]);
  const kept = graph.node('Mul', [vectors, graph.node('Unsqueeze', [isThere, graph.integers([2])])]);
  return {
    sum: graph.node('ReduceSum', [kept, graph.integers([1])], { keepdims: 0 }),
    count: graph.node('ReduceSum', [isThere, graph.integers([1])], { keepdims: 1 }),
  };
}

/** The pooled words of queries, with the learned vector in the place of those without any, [requests, size]. */
export function queryVectors(writer: Writer, field: FieldShape, requests: string): string {
  const { graph, weight } = writer;
  const values = graph.input(`query.${field.name}`, 'int64', [requests, 'words']);
  const { sum, count } = pooled(writer, field, values);
  const vectors =
    field.pooling === 'sum' ? sum : graph.node('Div', [sum, graph.node('Max', [count, graph.float(1)])]);
  return withMissing(graph, vectors, count, weight('query/missing'));
}

/** Adds a vector [units] to the rows [rows, units] whose count [rows, 1] is 0. */
export function withMissing(graph: Graph, rows: string, count: string, vector: string): string {
  const isEmpty = graph.node('Cast', [graph.node('Equal', [count, graph.float(0)])], { to: 1 });
  return graph.node('Add', [rows, graph.node('Mul', [isEmpty, vector])]);
}

export const concat = (graph: Graph, values: readonly string[], axis: number): string =>
  values.length === 1 ? values[0]! : graph.node('Concat', values, { axis });

/** x [rows, inputs] kernel + bias. */
export const dense = ({ graph, weight }: Writer, x: string, layer: string): string =>
  graph.node('Gemm', [x, weight(`${layer}/kernel`), weight(`${layer}/bias`)]);

export interface Asked {
  /** [requests or queries, time, units] */
  readonly states: string;
  /** [requests or queries, time, hidden] */
  readonly keys: string;
  /** int64 [requests or queries] */
  readonly lengths: string;
  /** [queries, hidden]; null without. */
  readonly query: string | null;
}

/** rep_s of each query (src/engine/attention.ts), with the learned vector for an empty history, [queries, units]. */
export function attention({ graph, weight }: Writer, { states, keys, lengths, query }: Asked): string {
  const summed =
    query === null ? keys : graph.node('Add', [keys, graph.node('Unsqueeze', [query, graph.integers([1])])]);
  const scores = graph.node('Squeeze', [
    graph.node('MatMul', [graph.node('Tanh', [summed]), weight('attention/score')]),
    graph.integers([2]),
  ]);
  const time = graph.node('Gather', [graph.node('Shape', [states]), graph.integers(1)], { axis: 0 });
  const steps = graph.node('Range', [graph.integers(0), time, graph.integers(1)]);
  const length = graph.node('Unsqueeze', [lengths, graph.integers([1])]);
  const valid = graph.node('Cast', [graph.node('Less', [steps, length])], { to: 1 });
  const mask = graph.node('Mul', [graph.node('Sub', [valid, graph.float(1)]), graph.float(1e9)]);
  const softmax = graph.node('Softmax', [graph.node('Add', [scores, mask])], { axis: 1 });
  const count = graph.node('Cast', [length], { to: 1 });
  const weights = graph.node('Mul', [softmax, graph.node('Min', [count, graph.float(1)])]);
  const rep = graph.node('Squeeze', [
    graph.node('MatMul', [graph.node('Unsqueeze', [weights, graph.integers([1])]), states]),
    graph.integers([1]),
  ]);
  return withMissing(graph, rep, count, weight('representation/empty'));
}
