import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AttentionInputs, attention } from '../../src/engine/attention.js';
import { blockRecurrence } from '../../src/engine/block-recurrence.js';
import { attribute, kernel } from '../../src/engine/kernel.js';
import { kernels } from '../../src/engine/native.js';
import { nativeAttention, nativeAttentionWeights } from '../../src/engine/native-attention.js';
import { nativeRecurrence } from '../../src/engine/native-recurrence.js';
import { plainAttention, plainAttentionWeights } from '../../src/engine/plain-attention.js';
import type { RecurrenceWeights } from '../../src/engine/recurrence.js';
import { tf } from '../../src/engine/tf.js';
import { attentionByHand } from './attention-by-hand.js';
import { byHand } from './cell-by-hand.js';
import { nativeInProcess } from './native-in-process.js';
import { type RecurrenceCase, random, randomHistories, type Sizes } from './random-histories.js';

const found = kernels();

beforeAll(() => void tf.engine().startScope());
afterAll(() => tf.engine().endScope());

/** The largest difference, relative to the largest number. */
function difference(got: Tensor, expected: Tensor): number {
  expect(got.shape).toEqual(expected.shape);
  const [a, b] = [got.dataSync(), expected.dataSync()];
  let [largest, apart] = [1e-3, 0];
  expect(a.every(Number.isFinite)).toBe(true);
  for (let at = 0; at < a.length; at++) {
    largest = Math.max(largest, Math.abs(b[at]!));
    apart = Math.max(apart, Math.abs(a[at]! - b[at]!));
  }
  return apart / largest;
}

/** 1 at the steps of each history, [time, batch, 1]. */
function maskOf(time: number, lengths: Int32Array): Tensor3D {
  const valid = Array.from({ length: time }, (_, t) => Array.from(lengths, (length) => [t < length ? 1 : 0]));
  return tf.tensor3d(valid);
}

/** The states at the steps of the histories, and the gradients of their product with fixed numbers, in the order of `names`. */
function statesAndGradients(recurrence: typeof nativeRecurrence, { histories, weights }: RecurrenceCase) {
  const { items, properties, itemAt, lengths } = histories;
  const mask = maskOf(itemAt.shape[0], lengths);
  const tensors = Object.entries({ items, properties, ...weights }).filter(([, tensor]) => tensor !== null);
  const run = () => tf.mul(recurrence(histories, weights), mask);
  const direction = tf.mul(random([...run().shape], 'direction'), mask);
  const { value, grads } = tf.engine().gradients(
    run,
    tensors.map(([, tensor]) => tensor as Tensor),
    direction,
  );
  return { names: tensors.map(([name]) => name), all: [value, ...grads] };
}

function draw(count: number): readonly Sizes[] {
  let state = 1;
  const below = (end: number) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return Math.floor((state / 2 ** 32) * end);
  };
  return Array.from({ length: count }, () => {
    const [time, batch] = [1 + below(12), 1 + below(90)];
    return {
      time,
      batch,
      e: 1 + below(9),
      p: below(4),
      units: 1 + below(70),
      peepholes: below(2) === 1,
      lengths: Array.from({ length: batch }, () => below(time + 1)),
      numItems: 1 + below(40),
      numProperties: 1 + below(9),
    };
  });
}

const shapes: readonly Sizes[] = [
  { time: 1, batch: 1, e: 1, p: 1, units: 1 },
  { time: 1, batch: 1, e: 3, p: 0, units: 16, lengths: [0] },
  { time: 5, batch: 3, e: 4, p: 2, units: 16, lengths: [0, 0, 0] },
  { time: 9, batch: 130, e: 12, p: 4, units: 128, numItems: 300 },
  { time: 6, batch: 7, e: 5, p: 2, units: 65, peepholes: true, lengths: [6, 0, 1, 2, 6, 3, 5] },
  { time: 4, batch: 200, e: 5, p: 2, units: 24, peepholes: true, numItems: 1 },
  ...draw(24),
];

describe.runIf(found.kind === 'native')('our own kernels', () => {
  test.each(shapes)(
    'states and gradients are those of BlockLSTMV2: $time x $batch, $units units',
    (sizes) => {
      const input = randomHistories(sizes);
      const [native, block] = [nativeRecurrence, blockRecurrence].map((run) =>
        statesAndGradients(run, input),
      );
      native!.all.forEach((got, at) => {
        const name = ['states', ...native!.names][at];
        expect({ name, apart: difference(got, block!.all[at]!) < 1e-5 }).toEqual({ name, apart: true });
      });
    },
  );

  test('states at padding steps are zero', () => {
    const input = randomHistories({ time: 4, batch: 3, e: 2, p: 1, units: 5, lengths: [2, 0, 4] });
    const padding = tf.sub(1, maskOf(4, input.histories.lengths));
    const states = tf.mul(nativeRecurrence(input.histories, input.weights), padding);
    expect(tf.max(tf.abs(states)).dataSync()[0]).toBe(0);
  });

  test.each([false, true])(
    'gradients are slopes of the equations in double precision, peepholes %s',
    (peepholes) => {
      const lengths = [3, 0, 2];
      const input = randomHistories({ time: 3, batch: 3, e: 2, p: 2, units: 2, peepholes, lengths });
      const { names, all } = statesAndGradients(nativeRecurrence, input);
      const direction = tf
        .mul(random([3, 3, 2], 'direction'), maskOf(3, Int32Array.from(lengths)))
        .arraySync();
      const loss = (moved: RecurrenceCase) =>
        byHand(moved)
          .h.flat(2)
          .reduce((sum, h, at) => sum + h * (direction as number[][][]).flat(2)[at]!, 0);
      names.forEach((name, which) => {
        const { histories, weights } = input;
        const tensor = ((histories as never)[name] ?? weights[name as keyof RecurrenceWeights]) as Tensor;
        const [values, gradient] = [tensor.dataSync(), all[which + 1]!.dataSync()];
        values.forEach((_, at) => {
          const [low, high] = [-1e-3, 1e-3].map((delta) => {
            const copy = Float32Array.from(values);
            copy[at] = copy[at]! + delta;
            const changed = { [name]: tf.tensor(copy, tensor.shape) };
            const moved = { histories: { ...histories, ...changed }, weights: { ...weights, ...changed } };
            return { x: copy[at]!, y: loss(moved) };
          });
          expect(gradient[at]!).toBeCloseTo((high!.y - low!.y) / (high!.x - low!.x), 5);
        });
      });
    },
  );

  const asked = (time: number, batch: number, units: number, hidden: number, requestOf: number[] | null) => ({
    states: random([time, batch, units], 'states') as Tensor3D,
    keys: random([time, batch, hidden], 'keys') as Tensor3D,
    queries: requestOf && (random([requestOf.length, hidden], 'queries') as Tensor2D),
    requestOf: requestOf && Int32Array.from(requestOf),
    score: random([hidden, 1], 'score') as Tensor2D,
    lengths: Int32Array.from({ length: batch }, (_, row) => (row * 7 + 3) % (time + 1)),
  });
  const questions: readonly (readonly [string, AttentionInputs])[] = [
    ['a single step', asked(1, 1, 1, 1, null)],
    ['one question per history', asked(7, 40, 33, 17, null)],
    ['many questions', asked(9, 5, 20, 64, [0, 3, 3, 3, 1, 4, 4, 0])],
    ['questions out of order, some histories unasked', asked(12, 30, 16, 31, [29, 2, 2, 7, 29, 0])],
    [
      'much to share among threads',
      asked(
        30,
        90,
        128,
        64,
        Array.from({ length: 400 }, (_, i) => (i * 11) % 90),
      ),
    ],
  ];

  function representationAndGradients(run: typeof attention, inputs: AttentionInputs): Tensor[] {
    const { states, keys, score, queries } = inputs;
    const tensors = [states, keys, score, ...(queries ? [queries] : [])];
    const direction = random(
      [inputs.requestOf?.length ?? inputs.lengths.length, states.shape[2]],
      'direction',
    );
    const { value, grads } = tf.engine().gradients(() => run(inputs), tensors, direction);
    return [value, ...grads];
  }

  test.each(questions)('attention and its gradients are those of plain ops: %s', (_, inputs) => {
    const plain = representationAndGradients(plainAttention, inputs);
    representationAndGradients(nativeAttention, inputs).forEach((got, at) => {
      expect(difference(got, plain[at]!)).toBeLessThan(1e-5);
    });
    const weights = nativeAttentionWeights(inputs);
    expect(difference(weights, plainAttentionWeights(inputs))).toBeLessThan(1e-5);
  });

  test('the gradient of the attention is the slope of its definition in double precision', () => {
    const inputs = asked(3, 2, 2, 3, [1, 0, 1]);
    const [, ...gradients] = representationAndGradients(nativeAttention, inputs);
    const direction = random([3, 2], 'direction').dataSync();
    const loss = (moved: AttentionInputs) =>
      attentionByHand(moved)
        .flatMap(({ rep }) => rep)
        .reduce((sum, value, at) => sum + value * direction[at]!, 0);
    (['states', 'keys', 'score', 'queries'] as const).forEach((name, which) => {
      const [values, gradient] = [inputs[name]!.dataSync(), gradients[which]!.dataSync()];
      values.forEach((_, at) => {
        const [low, high] = [-1e-3, 1e-3].map((delta) => {
          const copy = Float32Array.from(values);
          copy[at] = copy[at]! + delta;
          return { x: copy[at]!, y: loss({ ...inputs, [name]: tf.tensor(copy, inputs[name]!.shape) }) };
        });
        expect(gradient[at]!).toBeCloseTo((high!.y - low!.y) / (high!.x - low!.x), 5);
      });
    });
  });

  test('what is not a number stays visible', () => {
    const { histories, weights } = randomHistories({ time: 2, batch: 2, e: 2, p: 1, units: 3 });
    const broken = { ...weights, bias: tf.fill([12], Number.NaN) as RecurrenceWeights['bias'] };
    for (const state of nativeRecurrence(histories, broken).dataSync()) expect(state).toBeNaN();
  });

  test('no tensor is left behind', () => {
    const input = randomHistories({ time: 3, batch: 2, e: 4, p: 2, units: 3, peepholes: true });
    const before = tf.memory().numTensors;
    tf.tidy(() => void statesAndGradients(nativeRecurrence, input));
    tf.tidy(() => void representationAndGradients(nativeAttention, questions[2]![1]));
    tf.tidy(() => void nativeAttentionWeights(questions[2]![1]));
    expect(tf.memory().numTensors).toBe(before);
  });

  test('with 1, 2 and 3 threads two processes give the same bits, close to those of others', () => {
    const [alone, ...others] = [1, 2, 3].map((threads) => {
      const [first, second] = [nativeInProcess({ threads }), nativeInProcess({ threads })];
      expect([threads, first.bits]).toEqual([threads, second.bits]);
      return first;
    });
    for (const { sums } of others) {
      sums.forEach((sum, at) => {
        expect(sum).toBeCloseTo(alone!.sums[at]!, 3);
      });
    }
  });

  test('the kernels for AVX2 give the same as others, the block ops too', () => {
    const [avx2, block] = ['avx2', 'block'].map((kernels) => nativeInProcess({ threads: 1, kernels }));
    expect(avx2!.kernels).toEqual({ kind: 'native', instructions: 'avx2' });
    expect(block!.kernels).toEqual({ kind: 'block', reason: 'DUPN_KERNELS is block' });
    avx2!.sums.forEach((sum, at) => {
      expect(sum).toBeCloseTo(block!.sums[at]!, 3);
    });
  });

  test('an unknown choice is an error that names the others', () => {
    expect(() => nativeInProcess({ threads: 1, kernels: 'sse' })).toThrow(
      /DUPN_KERNELS must be auto, block, avx2 or avx512, got "sse"/,
    );
  });

  describe('bad input is an error of TensorFlow, not a crash', () => {
    const ints = (values: number[], shape: number[]) => tf.tensor(values, shape, 'int32');
    /** Of DupnLstm: 2 steps, batch 1, 3 units, 2 items, 1 property. */
    const lstm = {
      items: () => tf.zeros([2, 12]),
      properties: () => tf.zeros([1, 12]),
      itemAt: () => ints([0, 1], [2, 1]),
      propertyAt: () => ints([0, 0], [2, 1]),
      lengths: () => ints([2], [1]),
      recurrent: () => tf.zeros([3, 12]),
      peephole: () => tf.zeros([0, 3]),
    };
    const runLstm = (changed: Partial<typeof lstm>) =>
      kernel(
        'DupnLstm',
        [attribute.bool('keep', true)],
        Object.values({ ...lstm, ...changed }).map((make) => make()),
        3,
      );

    test('nothing is wrong with the example itself', () => {
      expect(runLstm({})[0]!.shape).toEqual([2, 1, 3]);
    });

    test.each<readonly [string, Partial<typeof lstm>, RegExp]>([
      ['an item too far', { itemAt: () => ints([0, 2], [2, 1]) }, /item_at must lie in \[0, 2\), got 2 at 1/],
      [
        'a negative item',
        { itemAt: () => ints([-1, 0], [2, 1]) },
        /item_at must lie in \[0, 2\), got -1 at 0/,
      ],
      ['a property too far', { propertyAt: () => ints([0, 1], [2, 1]) }, /property_at must lie in \[0, 1\)/],
      ['a history too long', { lengths: () => ints([3], [1]) }, /lengths must lie in \[0, 3\), got 3/],
      ['a length too many', { lengths: () => ints([1, 1], [2]) }, /lengths must be \[1\], got \[2\]/],
      ['other units', { recurrent: () => tf.zeros([4, 16]) }, /items must be \[2,16\], got \[2,12\]/],
      ['no units', { recurrent: () => tf.zeros([0, 0]) }, /at least one unit/],
      ['a lesser rank', { items: () => tf.zeros([24]) }, /items must have 2 dimensions, got \[24\]/],
      [
        'another shape',
        { propertyAt: () => ints([0, 0], [1, 2]) },
        /property_at must be \[2,1\], got \[1,2\]/,
      ],
      ['two peepholes', { peephole: () => tf.zeros([2, 3]) }, /peephole must be \[3,3\], got \[2,3\]/],
      ['another type', { itemAt: () => tf.zeros([2, 1]) }, /item_at|int32|float/],
    ])('%s in the recurrence', (_, changed, message) => {
      expect(() => runLstm(changed)).toThrow(message);
    });

    test('gates of another call in the gradient', () => {
      const [states, cells] = runLstm({}) as [Tensor, Tensor];
      const inputs = [
        states,
        states,
        cells,
        tf.zeros([2, 1, 4]),
        ...Object.values(lstm).map((make) => make()),
      ];
      expect(() => kernel('DupnLstmGradient', [], inputs, 4)).toThrow(
        /gates must be \[2,1,64\], got \[2,1,4\]/,
      );
    });

    const inputs = { ...asked(3, 2, 2, 3, [1, 0, 1]) };
    test.each<readonly [string, Partial<AttentionInputs>, RegExp]>([
      [
        'a history too far',
        { requestOf: Int32Array.of(0, 2, 0) },
        /request_of must lie in \[0, 2\), got 2 at 1/,
      ],
      ['a history too long', { lengths: Int32Array.of(4, 0) }, /lengths must lie in \[0, 4\), got 4/],
      ['keys of other steps', { keys: tf.zeros([2, 2, 3]) }, /keys must be \[3,2,3\], got \[2,2,3\]/],
      ['queries of another width', { queries: tf.zeros([3, 2]) }, /queries must be \[3,3\], got \[3,2\]/],
      ['a score of another width', { score: tf.zeros([2, 1]) }, /score must be \[3,1\], got \[2,1\]/],
    ])('%s in the attention', (_, changed, message) => {
      expect(() => nativeAttention({ ...inputs, ...changed })).toThrow(message);
    });
  });
});
