/**
 * The user encoder as an ONNX graph: from the distinct items of a batch and the histories that point at them to the representation
 * of each request, as src/model/forward.ts computes it.
 */
import {
  latestOf,
  type ModelShape,
  matchesOf,
  propertiesInAttention,
  propertiesInEncoder,
  propertyUnits,
  representationUnits,
} from '../../model/shape.js';
import { createGraph, type Graph, type StoredWeight } from './graph.js';
import {
  attention,
  concat,
  fieldVectors,
  queryVectors,
  rowVectors,
  type Writer,
  withMissing,
  writerOf,
} from './layers.js';
import { LSTM } from './lstm-weights.js';

/** Outputs: what the heads read. */
export const ENCODED = {
  /** Asked with nothing, [requests, units]. */
  none: 'representation',
  /** Asked with the words of the query. */
  text: 'representation_text',
  /** For heads that ask with a candidate, [requests, time, units], [requests, time, hidden], [requests, units]. */
  states: 'states',
  keys: 'keys',
  users: 'users',
  /** For heads that look for values of the candidate: the table rows of an item field, [requests, time]. */
  history: (field: string) => `history.${field}`,
} as const;

/** What a task asks the encoder for: the mean of a history is the same for every question. */
export const questionOf = ({ encoder }: ModelShape, query: 'text' | 'candidate' | 'none') =>
  encoder === 'mean' && query === 'candidate' ? 'none' : query;

export function encoderGraph(shape: ModelShape, stored: ReadonlyMap<string, StoredWeight>): Graph {
  const graph = createGraph('encoder');
  const writer = writerOf(graph, stored);
  const { weight } = writer;
  const questions = new Set(Object.values(shape.tasks).map(({ query }) => questionOf(shape, query)));
  const representation = representationUnits(shape);

  const items = rowVectors(writer, { fields: shape.itemFields, numbers: shape.itemNumbers }, 'item', 'items');
  const history = graph.input('history', 'int64', ['time', 'requests']);
  const e = graph.node('Gather', [items, history]);
  const p = propertyVectors(writer, shape);
  const lengths = graph.input('lengths', 'int64', ['requests']);
  const users = userVectors(writer, shape, lengths);
  const all = p === null ? e : concat(graph, [e, p], 2);
  /** What of rep does not depend on what is asked. */
  const fixed = concat(graph, [...latestOf(shape).map((n) => meanOf(graph, all, lengths, n)), users], 1);
  const x = p !== null && propertiesInEncoder(shape) ? concat(graph, [e, p], 2) : e;
  const withUsers = (rep: string) => graph.node('Concat', [rep, fixed], { axis: 1 });
  const matched = Object.values(shape.tasks).flatMap((task) =>
    matchesOf(task).map(({ itemField }) => itemField),
  );
  for (const field of new Set(matched)) {
    const rows = batchMajor(graph, graph.node('Gather', [`item.${field}`, history]), [1, 0]);
    graph.output(ENCODED.history(field), rows, 'int64', ['requests', 'time']);
  }

  if (shape.encoder === 'mean') {
    const count = graph.node('Unsqueeze', [graph.node('Cast', [lengths], { to: 1 }), graph.integers([1])]);
    const mean = meanOf(graph, x, lengths, null);
    const rep = withUsers(withMissing(graph, mean, count, weight('representation/empty')));
    for (const question of ['none', 'text'] as const) {
      if (questions.has(question))
        graph.output(ENCODED[question], rep, 'float', ['requests', representation]);
    }
    return graph;
  }

  const states = recurrence(writer, shape, x);
  const keys = keysOf(writer, shape, { states, p, users });
  for (const question of ['none', 'text'] as const) {
    if (!questions.has(question)) continue;
    const query =
      question === 'none'
        ? null
        : graph.node('MatMul', [
            queryVectors(writer, shape.queryField!, 'requests'),
            weight('attention/query'),
          ]);
    const rep = withUsers(attention(writer, { states, keys, lengths, query }));
    graph.output(ENCODED[question], rep, 'float', ['requests', representation]);
  }
  if (questions.has('candidate')) {
    graph.output(ENCODED.states, states, 'float', ['requests', 'time', shape.units]);
    graph.output(ENCODED.keys, keys, 'float', ['requests', 'time', shape.attentionUnits]);
    graph.output(ENCODED.users, fixed, 'float', ['requests', representation - shape.units]);
  }
  return graph;
}

/** p of each event, [time, requests, units]; null where properties reach nothing. */
function propertyVectors({ graph, weight }: Writer, shape: ModelShape): string | null {
  if (!propertiesInEncoder(shape) && !propertiesInAttention(shape)) return null;
  const vectors = shape.propertyFields.map(({ name, table }) =>
    graph.node('Gather', [weight(table), graph.input(`property.${name}`, 'int64', ['time', 'requests'])]),
  );
  return concat(graph, vectors, 2);
}

/** u, [requests, units]. */
function userVectors(writer: Writer, shape: ModelShape, lengths: string): string {
  const { graph, weight } = writer;
  if (shape.userFields.length === 0) {
    const requests = graph.node('Shape', [lengths]);
    const sizes = graph.node('Concat', [requests, graph.integers([shape.userUnits])], { axis: 0 });
    return graph.node('Relu', [graph.node('Expand', [weight('user/bias'), sizes])]);
  }
  const profile = concat(
    graph,
    shape.userFields.map((field) => fieldVectors(writer, field, 'user', 'requests')),
    1,
  );
  return graph.node('Relu', [graph.node('Gemm', [profile, weight('user/kernel'), weight('user/bias')])]);
}

/** States h, [requests, time, units]; at padding steps they mean nothing. */
function recurrence({ graph, weight }: Writer, { units, peepholes }: ModelShape, x: string): string {
  const inputs = [x, weight(LSTM.input), weight(LSTM.recurrent), weight(LSTM.bias)];
  // Without lengths of sequences: every history starts at step 0, and what follows its end is never looked at.
  const all = peepholes ? [...inputs, '', '', '', weight(LSTM.peephole)] : inputs;
  const h = graph.node('Squeeze', [graph.node('LSTM', all, { hidden_size: units }), graph.integers([1])]);
  return batchMajor(graph, h);
}

/** [time, requests, units] to [requests, time, units]. */
const batchMajor = (graph: Graph, x: string, perm: readonly number[] = [1, 0, 2]): string =>
  graph.node('Transpose', [x], { perm });

/** k, [requests, time, hidden]. */
function keysOf(
  { graph, weight }: Writer,
  shape: ModelShape,
  { states, p, users }: { readonly states: string; readonly p: string | null; readonly users: string },
): string {
  let keys = graph.node('MatMul', [states, weight('attention/state')]);
  if (p !== null && propertyUnits(shape) > 0 && propertiesInAttention(shape)) {
    const ofProperties = graph.node('MatMul', [p, weight('attention/property')]);
    keys = graph.node('Add', [keys, batchMajor(graph, ofProperties)]);
  }
  const ofUser = graph.node('Add', [
    graph.node('MatMul', [users, weight('attention/user')]),
    weight('attention/bias'),
  ]);
  return graph.node('Add', [keys, graph.node('Unsqueeze', [ofUser, graph.integers([1])])]);
}

/**
 * The mean of x [time, requests, units] over the steps of each history, or over its latest n, [requests, units]; zeros for an
 * empty history.
 */
function meanOf(graph: Graph, x: string, lengths: string, latest: number | null): string {
  const time = graph.node('Gather', [graph.node('Shape', [x]), graph.integers(0)], { axis: 0 });
  const steps = graph.node('Unsqueeze', [
    graph.node('Range', [graph.integers(0), time, graph.integers(1)]),
    graph.integers([1]),
  ]);
  const isThere = graph.node('Less', [steps, lengths]);
  const n = latest === null ? null : graph.integers(latest);
  const isRead = n
    ? graph.node('And', [isThere, graph.node('GreaterOrEqual', [steps, graph.node('Sub', [lengths, n])])])
    : isThere;
  const valid = graph.node('Cast', [isRead], { to: 1 });
  const count = graph.node('Cast', [n ? graph.node('Min', [lengths, n]) : lengths], { to: 1 });
  const share = graph.node('Div', [valid, graph.node('Max', [count, graph.float(1)])]);
  const weighted = graph.node('Mul', [x, graph.node('Unsqueeze', [share, graph.integers([2])])]);
  return graph.node('ReduceSum', [weighted, graph.integers([0])], { keepdims: 0 });
}
