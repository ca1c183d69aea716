/** The head of a task as an ONNX graph: from the outputs of the encoder and the candidates to logits and probabilities. */
import { EPSILON } from '../../model/batch-normalisation.js';
import { towerPrefix } from '../../model/parameters.js';
import { candidateShape, type ModelShape, stateUnits, type TaskShape } from '../../model/shape.js';
import { ENCODED, questionOf } from './encoder-graph.js';
import { createGraph, type Graph, type StoredWeight } from './graph.js';
import { attention, dense, rowVectors, type Writer, writerOf } from './layers.js';

/**
 * Inputs: `representation` (or states, keys, users and lengths, of a task that asks with the candidate) of the requests,
 * `request` int64 [samples] (the row of each sample's request), the fields `candidate.<field>` of a candidate, `features` of a
 * task that ranks. Outputs: `logits` of the data and `probability`, [samples, outputs].
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
  const rep =
    question === 'candidate'
      ? askedWith(writer, shape, e!, request)
      : graph.node('Gather', [
          graph.input(ENCODED[question], 'float', ['requests', stateUnits(shape) + shape.userUnits]),
          request,
        ]);
  const inputs = e === null ? [rep] : [rep, dense(writer, e, `candidate/${task.candidate}`)];
  const whole = inputs.length === 1 ? rep : graph.node('Concat', inputs, { axis: 1 });
  const outputs = tower(writer, name, task, whole);
  const raw = task.features.length > 0 ? weightedFeatures(graph, task, outputs) : outputs;
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
function askedWith({ graph, weight }: Writer, shape: ModelShape, e: string, request: string): string {
  const states = graph.input(ENCODED.states, 'float', ['requests', 'time', shape.units]);
  const keys = graph.input(ENCODED.keys, 'float', ['requests', 'time', shape.attentionUnits]);
  const users = graph.input(ENCODED.users, 'float', ['requests', shape.userUnits]);
  const lengths = graph.input('lengths', 'int64', ['requests']);
  const of = (value: string) => graph.node('Gather', [value, request]);
  const query = graph.node('MatMul', [e, weight('attention/candidate')]);
  const rep = attention(
    { graph, weight },
    { states: of(states), keys: of(keys), lengths: of(lengths), query },
  );
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

/** s = w^T r, [samples, 1]. */
function weightedFeatures(graph: Graph, { features }: TaskShape, weights: string): string {
  const r = graph.input('features', 'float', ['samples', features.length]);
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
