/**
 * The property gated LSTM as ONNX's LSTM has its weights: W [1, 4 units, e + p], R [1, 4 units, units], B [1, 8 units] and
 * P [1, 3 units], gates in the order i, o, f, c where ours is i, f, c, o. What leads from properties to the candidate is 0.
 */
import { propertiesInEncoder } from '../../model/shape.js';
import type { ModelWeights } from '../../model/weights.js';

interface Values {
  readonly dims: readonly number[];
  readonly values: Float32Array;
}

export const LSTM = { input: 'lstm.W', recurrent: 'lstm.R', bias: 'lstm.B', peephole: 'lstm.P' } as const;

/** Place of each of ONNX's gates among ours. */
const GATES = [0, 3, 1, 2] as const;
const CANDIDATE = 2;

/** Empty for a model without a recurrence. */
export function lstmWeights({ shape, dense }: ModelWeights): ReadonlyMap<string, Values> {
  if (shape.encoder !== 'lstm') return new Map();
  const { units } = shape;
  const read = (name: string) => {
    const variable = dense.get(name)!;
    return { rows: variable.shape[0]!, values: variable.readRows(0, variable.shape[0]!) };
  };
  const item = read('lstm/item');
  const property = propertiesInEncoder(shape)
    ? read('lstm/property')
    : { rows: 0, values: new Float32Array(0) };
  const recurrent = read('lstm/recurrent');
  const inputs = item.rows + property.rows;
  const w = new Float32Array(4 * units * inputs);
  const r = new Float32Array(4 * units * units);
  for (const [gate, own] of GATES.entries()) {
    for (let unit = 0; unit < units; unit++) {
      const to = gate * units + unit;
      const from = own * units + unit;
      for (let row = 0; row < item.rows; row++) w[to * inputs + row] = item.values[row * 4 * units + from]!;
      for (let row = 0; row < property.rows && own !== CANDIDATE; row++) {
        w[to * inputs + item.rows + row] = property.values[row * 4 * units + from]!;
      }
      for (let row = 0; row < units; row++) r[to * units + row] = recurrent.values[row * 4 * units + from]!;
    }
  }
  const bias = read('lstm/bias').values;
  const b = new Float32Array(8 * units);
  for (const [gate, own] of GATES.entries())
    b.set(bias.subarray(own * units, (own + 1) * units), gate * units);
  const weights = new Map<string, Values>([
    [LSTM.input, { dims: [1, 4 * units, inputs], values: w }],
    [LSTM.recurrent, { dims: [1, 4 * units, units], values: r }],
    [LSTM.bias, { dims: [1, 8 * units], values: b }],
  ]);
  if (shape.peepholes) {
    // Ours are w_i, w_f, w_o, ONNX's i, o, f.
    const { values } = read('lstm/peephole');
    const p = new Float32Array(3 * units);
    for (const [gate, own] of [0, 2, 1].entries())
      p.set(values.subarray(own * units, (own + 1) * units), gate * units);
    weights.set(LSTM.peephole, { dims: [1, 3 * units], values: p });
  }
  return weights;
}
