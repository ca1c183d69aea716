/** Which weights a model of a given shape has: names, sizes and how they start. */
import { NUMBERS_PER_MATCH } from './matches.js';
import {
  candidateShape,
  itemUnits,
  type ModelShape,
  matchesOf,
  propertiesInAttention,
  propertiesInEncoder,
  propertyUnits,
  representationUnits,
  rowUnits,
  stateUnits,
  type TaskShape,
} from './shape.js';

/** A dense weight, updated whole. */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: readonly number[];
  /**
   * uniform: within +-1 / sqrt(fanIn), where PyTorch starts its layers. forgetBias: zeros but for a one in the block
   * of the forget gate, so that a fresh cell remembers (Jozefowicz et al. 2015).
   */
  readonly initial:
    | { readonly kind: 'zeros' | 'ones' | 'forgetBias' }
    | { readonly kind: 'uniform'; readonly fanIn: number };
}

/** An embedding table, read and updated by rows. */
export interface TableSpec {
  readonly name: string;
  readonly rows: number;
  readonly size: number;
  /** The first rows, which stand for no value of the vocabulary, start at zero: the mean of the others. */
  readonly zeroRows: number;
}

export function tableSpecs(shape: ModelShape): TableSpec[] {
  const properties = propertiesInEncoder(shape) || propertiesInAttention(shape) ? shape.propertyFields : [];
  const fields = [
    ...shape.itemFields,
    ...properties,
    ...shape.userFields,
    ...(shape.queryField ? [shape.queryField] : []),
    ...Object.values(shape.entities).flatMap(({ fields }) => fields),
  ];
  const specs = fields.map(({ table, rows, size, buckets }) => ({
    name: table,
    rows,
    size,
    zeroRows: 1 + buckets,
  }));
  // Fields that share a table agree in it.
  return [...new Map(specs.map((spec) => [spec.name, spec])).values()];
}

const zeros = (name: string, shape: readonly number[]): ParameterSpec => ({
  name,
  shape,
  initial: { kind: 'zeros' },
});

const ones = (name: string, shape: readonly number[]): ParameterSpec => ({
  name,
  shape,
  initial: { kind: 'ones' },
});

const uniform = (name: string, shape: readonly number[], fanIn: number): ParameterSpec => ({
  name,
  shape,
  initial: { kind: 'uniform', fanIn },
});

function encoder(shape: ModelShape): ParameterSpec[] {
  if (shape.encoder === 'mean') return [];
  const { units } = shape;
  const properties = propertiesInEncoder(shape)
    ? [uniform('lstm/property', [propertyUnits(shape), 4 * units], units)]
    : [];
  return [
    uniform('lstm/item', [itemUnits(shape), 4 * units], units),
    ...properties,
    uniform('lstm/recurrent', [units, 4 * units], units),
    { name: 'lstm/bias', shape: [4 * units], initial: { kind: 'forgetBias' } },
    ...(shape.peepholes ? [zeros('lstm/peephole', [3, units])] : []),
  ];
}

function attention(shape: ModelShape): ParameterSpec[] {
  if (shape.encoder === 'mean') return [];
  const { units, attentionUnits: hidden, userUnits } = shape;
  const p = propertiesInAttention(shape) ? propertyUnits(shape) : 0;
  const fanIn = units + p;
  const asksCandidate = Object.values(shape.tasks).some((task) => task.query === 'candidate');
  return [
    uniform('attention/state', [units, hidden], fanIn),
    ...(p > 0 ? [uniform('attention/property', [p, hidden], fanIn)] : []),
    uniform('attention/user', [userUnits, hidden], userUnits),
    ...(asksCandidate ? [uniform('attention/candidate', [itemUnits(shape), hidden], itemUnits(shape))] : []),
    ...(shape.queryField
      ? [uniform('attention/query', [shape.queryField.size, hidden], shape.queryField.size)]
      : []),
    zeros('attention/bias', [hidden]),
    uniform('attention/score', [hidden, 1], hidden),
  ];
}

function user(shape: ModelShape): ParameterSpec[] {
  const inputs = shape.userFields.reduce((sum, { size }) => sum + size, 0);
  const kernel = inputs > 0 ? [uniform('user/kernel', [inputs, shape.userUnits], inputs)] : [];
  return [...kernel, uniform('user/bias', [shape.userUnits], Math.max(1, inputs))];
}

/** Units of what the tower of a task reads. */
function towerInputs(shape: ModelShape, task: TaskShape): number {
  const candidate = task.candidate === null ? 0 : shape.candidateUnits[task.candidate]!;
  const matches = NUMBERS_PER_MATCH * matchesOf(task).length;
  const features = task.kind === 'binary' ? task.features.length : 0;
  return representationUnits(shape) + candidate + matches + features;
}

function tower(name: string, task: TaskShape, inputs: number): ParameterSpec[] {
  const sizes = [inputs, ...task.layers, task.kind === 'rank' ? task.features.length : task.outputs];
  return sizes.slice(1).flatMap((size, layer) => {
    const fanIn = sizes[layer]!;
    const normalised = task.batchNormalisation && layer < task.layers.length;
    return [
      uniform(`${towerPrefix(name)}${layer}/kernel`, [fanIn, size], fanIn),
      zeros(`${towerPrefix(name)}${layer}/bias`, [size]),
      ...(normalised
        ? [
            ones(`${towerPrefix(name)}${layer}/gamma`, [size]),
            zeros(`${towerPrefix(name)}${layer}/beta`, [size]),
          ]
        : []),
    ];
  });
}

/** Every dense weight, in a fixed order. */
export function parameterSpecs(shape: ModelShape): ParameterSpec[] {
  const tasks = Object.entries(shape.tasks);
  const candidates = Object.entries(shape.candidateUnits).flatMap(([name, units]) => {
    const inputs = rowUnits(candidateShape(shape, name));
    return [
      uniform(`candidate/${name}/kernel`, [inputs, units], inputs),
      zeros(`candidate/${name}/bias`, [units]),
    ];
  });
  return [
    ...encoder(shape),
    ...attention(shape),
    ...user(shape),
    zeros('representation/empty', [stateUnits(shape)]),
    ...(shape.queryField ? [zeros('query/missing', [shape.queryField.size])] : []),
    ...candidates,
    ...tasks.flatMap(([name, task]) => tower(name, task, towerInputs(shape, task))),
    ...(shape.taskWeighting === 'uncertainty'
      ? tasks.map(([name]) => zeros(uncertaintyName(name), [1]))
      : []),
  ];
}

/** What the names of the weights of a task's tower begin with, before `<layer>/kernel`, `<layer>/bias`, ... */
export const towerPrefix = (task: string): string => `tasks/${task}/`;

/** s = log sigma^2 of a task (src/training/loss.ts). */
export const uncertaintyName = (task: string): string => `uncertainty/${task}`;

/** Moving statistics of the normalised layers: no gradient reaches them. */
export function statisticSpecs(shape: ModelShape): ParameterSpec[] {
  return Object.entries(shape.tasks).flatMap(([name, { batchNormalisation, layers }]) =>
    batchNormalisation
      ? layers.flatMap((size, layer) => [
          zeros(`${towerPrefix(name)}${layer}/mean`, [size]),
          ones(`${towerPrefix(name)}${layer}/variance`, [size]),
        ])
      : [],
  );
}

/** Numbers of weights, dense ones and those of tables. */
export function countParameters(shape: ModelShape): { readonly dense: number; readonly tables: number } {
  return {
    dense: parameterSpecs(shape).reduce((sum, spec) => sum + spec.shape.reduce((a, b) => a * b, 1), 0),
    tables: tableSpecs(shape).reduce((sum, { rows, size }) => sum + rows * size, 0),
  };
}

/** The slot of Adagrad of a table. */
export const accumulatorName = (table: string): string => `${table}/accumulator`;
