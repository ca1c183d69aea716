/** The head of a task as an ONNX graph: from the outputs of the encoder and the candidates to logits and probabilities. */
import { MISSING_INDEX } from '../../common/prepared.js';
import { EPSILON } from '../../model/batch-normalisation.js';
import { towerPrefix } from '../../model/parameters.js';
import {
  candidateShape,
  type MatchShape,
  type ModelShape,
  matchesOf,
  representationUnits,
  type TaskShape,
} from '../../model/shape.js';
import { ENCODED, questionOf } from './encoder-graph.js';
import { createGraph, type Graph, type StoredWeight } from './graph.js';
import { attention, concat, dense, rowVectors, type Writer, writerOf } from './layers.js';

/**
 * Inputs: `representation` (or states, keys, users and lengths, of a task that asks with the candidate) of the requests,
 * `history.<field>` and lengths of a task that looks for values of the candidate, `request` int64 [samples] (the row of each
 * sample's request), the fields `candidate.<field>` of a candidate, `features` of a task that has some. Outputs: `logits` of the data and `probability`, [samples, outputs].
 */
export function headGraph(shape: ModelShape, name: string, stored: ReadonlyMap<string, StoredWeight>): Graph {
  const graph = createGraph(name);
  const writer = writerOf(graph, stored);
  const task = shape.tasks[name]!;
  const request = graph.input('request', 'int64', ['samples']);
  const e =
    task.candidate === null
      ? null
      : rowVectors(writer, candidateShape(shape, task.candidate), 'candidate', 'samples');
  const question = questionOf(shape, task.query);
  const matches = matchesOf(task);
  const lengths =
    question === 'candidate' || matches.length > 0
      ? graph.node('Gather', [graph.input('lengths', 'int64', ['requests']), request])
      : '';
  const rep =
    question === 'candidate'
      ? askedWith(writer, shape, { e: e!, request, lengths })
      : graph.node('Gather', [
          graph.input(ENCODED[question], 'float', ['requests', representationUnits(shape)]),
          request,
        ]);
  const features =
    task.features.length > 0 ? graph.input('features', 'float', ['samples', task.features.length]) : null;
  const inputs = [
    rep,
    ...(e === null ? [] : [dense(writer, e, `candidate/${task.candidate}`)]),
    ...matches.flatMap((match) => matchNumbers(graph, match, request, lengths)),
    ...(features !== null && task.kind === 'binary' ? [features] : []),
  ];
  const outputs = tower(writer, name, task, concat(graph, inputs, 1));
  const raw = task.kind === 'rank' ? weightedFeatures(graph, features!, outputs) : outputs;
  const logits = corrected(graph, raw, task.weightCorrection);
  graph.output('logits', logits, 'float', ['samples', task.outputs]);
  const probability =
    task.outputs === 1
      ? graph.node('Sigmoid', [corrected(graph, logits, [task.drawCorrection ?? 0])])
      : graph.node('Softmax', [logits], { axis: 1 });
  graph.output('probability', probability, 'float', ['samples', task.outputs]);
  return graph;
}

/** The histories of the requests asked with the candidate of each sample, beside u, [samples, units]. */
function askedWith(
  { graph, weight }: Writer,
  shape: ModelShape,
  { e, request, lengths }: { readonly e: string; readonly request: string; readonly lengths: string },
): string {
  const states = graph.input(ENCODED.states, 'float', ['requests', 'time', shape.units]);
  const keys = graph.input(ENCODED.keys, 'float', ['requests', 'time', shape.attentionUnits]);
  const users = graph.input(ENCODED.users, 'float', ['requests', representationUnits(shape) - shape.units]);
  const of = (value: string) => graph.node('Gather', [value, request]);
  const query = graph.node('MatMul', [e, weight('attention/candidate')]);
  const rep = attention({ graph, weight }, { states: of(states), keys: of(keys), lengths, query });
  return graph.node('Concat', [rep, of(users)], { axis: 1 });
}

function tower(writer: Writer, name: string, task: TaskShape, inputs: string): string {
  const { graph, weight } = writer;
  let x = inputs;
  for (let layer = 0; layer <= task.layers.length; layer++) {
    const prefix = `${towerPrefix(name)}${layer}`;
    x = dense(writer, x, prefix);
    if (layer === task.layers.length) break;
    if (task.batchNormalisation) {
      const statistics = ['gamma', 'beta', 'mean', 'variance'].map((part) => weight(`${prefix}/${part}`));
      x = graph.node('BatchNormalization', [x, ...statistics], { epsilon: EPSILON });
    }
    x = graph.node('Relu', [x]);
  }
  return x;
}

/** The numbers of src/model/matches.ts, each [samples, 1]; `lengths` are of the samples. */
function matchNumbers(
  graph: Graph,
  { field, itemField }: MatchShape,
  request: string,
  lengths: string,
): string[] {
  const column = graph.integers([1]);
  const values = graph.node('Gather', [
    graph.input(ENCODED.history(itemField), 'int64', ['requests', 'time']),
    request,
  ]);
  const value = graph.node('Unsqueeze', [`candidate.${field}`, column]);
  const length = graph.node('Unsqueeze', [lengths, column]);
  const time = graph.node('Gather', [graph.node('Shape', [values]), graph.integers(1)], { axis: 0 });
  const left = graph.node('Sub', [length, graph.node('Range', [graph.integers(0), time, graph.integers(1)])]);
  const isThere = graph.node('And', [
    graph.node('Greater', [left, graph.integers(0)]),
    graph.node('Greater', [value, graph.integers(MISSING_INDEX)]),
  ]);
  const isMatch = graph.node('Cast', [graph.node('And', [graph.node('Equal', [values, value]), isThere])], {
    to: 1,
  });
  const one = graph.float(1);
  const atLeastOne = (count: string) => graph.node('Max', [graph.node('Cast', [count], { to: 1 }), one]);
  const count = graph.node('ReduceSum', [isMatch, column], { keepdims: 1 });
  const lateness = graph.node('Div', [isMatch, atLeastOne(left)]);
  return [
    graph.node('Log', [graph.node('Add', [count, one])]),
    graph.node('Div', [count, atLeastOne(length)]),
    graph.node('ReduceMax', [lateness], { axes: [1], keepdims: 1 }),
  ];
}

/** s = w^T r, [samples, 1]. */
function weightedFeatures(graph: Graph, r: string, weights: string): string {
  return graph.node('ReduceSum', [graph.node('Mul', [weights, r]), graph.integers([1])], { keepdims: 1 });
}

/** Adds one number to each output. */
function corrected(graph: Graph, logits: string, correction: readonly number[]): string {
  if (correction.every((value) => value === 0)) return logits;
  const values = correction.map((value) =>
    graph.node('Unsqueeze', [graph.float(value), graph.integers([0])]),
  );
  return graph.node('Add', [
    logits,
    values.length === 1 ? values[0]! : graph.node('Concat', values, { axis: 0 }),
  ]);
}
