/** Metrics against scikit-learn and plain definitions (metrics.py). The fixture is made by `npm run peers`. */
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, test } from 'vitest';
import type { CalibrationBin, RocPoint } from '../../src/evaluation/curves.js';
import { numberUsers } from '../../src/evaluation/user-numbers.js';
import { evaluate } from '../evaluation/evaluate-stream.js';

/** A curve or bins are lists; null is what cannot be measured. */
type Measured = number | null | readonly Measured[] | { readonly [name: string]: Measured };

interface Columns {
  readonly labels: readonly number[];
  readonly weights: readonly number[];
}

interface BinaryCase extends Columns {
  readonly kind: 'binary';
  readonly k: number;
  readonly scores: readonly number[];
  readonly groups: readonly number[];
  readonly users: readonly number[];
}

interface MulticlassCase extends Columns {
  readonly kind: 'multiclass';
  readonly scores: readonly (readonly number[])[];
}

type Case = (BinaryCase | MulticlassCase) & { readonly expected: Readonly<Record<string, Measured>> };

const fixture = new URL('fixtures/metrics.json', import.meta.url);
const cases: Record<string, Case> = JSON.parse(readFileSync(fixture, 'utf8'));

/** Largest difference from the expected value. */
const TOLERANCE = 1e-6;

/** The largest difference of two numbers, or of those of two curves; infinite where one of them is null or longer. */
function difference(got: Measured | undefined, expected: Measured): number {
  if (typeof got === 'number' && typeof expected === 'number') return Math.abs(got - expected);
  if (got === null && expected === null) return 0;
  if (typeof got !== 'object' || typeof expected !== 'object' || got === null || expected === null) {
    return Number.POSITIVE_INFINITY;
  }
  const [a, b] = [Object.entries(got), new Map(Object.entries(expected))];
  if (a.length !== b.size) return Number.POSITIVE_INFINITY;
  return Math.max(0, ...a.map(([key, value]) => difference(value, b.get(key) ?? null)));
}

/** All that an evaluation gives of the samples, whose requests are put together. */
async function measure(given: Case): Promise<Record<string, Measured>> {
  const isBinary = given.kind === 'binary';
  const groups = isBinary ? given.groups : given.labels.map((_, at) => at);
  const users = isBinary ? given.users : groups;
  const order = groups.map((_, at) => at).sort((a, b) => groups[a]! - groups[b]! || a - b);
  const userOf = new Int32Array(Math.max(...groups) + 1);
  for (const [at, group] of groups.entries()) userOf[group] = users[at]!;
  const outputs = isBinary ? 1 : given.scores[0]!.length;
  const picked = (values: readonly number[]) => order.map((at) => values[at]!);
  const scored = {
    task: 't',
    outputs,
    logits: Float32Array.from(order.flatMap((at) => given.scores[at]!)),
    label: Float32Array.from(picked(given.labels)),
    weight: Float32Array.from(picked(given.weights)),
    request: Int32Array.from(picked(groups)),
    sample: Int32Array.from(order),
  };
  const hasSample = Uint8Array.from(userOf, (_, group) => (groups.includes(group) ? 1 : 0));
  const { metrics, curves } = await evaluate([scored], {
    tasks: {
      t: { kind: given.kind, outputs, users: numberUsers(0, userOf, hasSample), slices: null },
    },
    bootstrap: { samples: 0, seed: 1 },
    ndcgAt: isBinary ? given.k : 10,
    folder: tmpdir(),
    name: 'peers',
  });
  const { roc, calibration, confusion } = curves.t!;
  const named = Object.entries(metrics).map(([key, value]) => [
    key.replace(/@\d+/, '').slice(0, key.replace(/@\d+/, '').indexOf('[')),
    value,
  ]);
  return {
    ...(Object.fromEntries(named) as Record<string, Measured>),
    calibration: calibration.map(({ weight, predicted, observed }: CalibrationBin) => ({
      weight,
      predicted,
      observed,
    })),
    roc: roc.map((points) => (points ? points.map(pairOf) : null)),
    ...(confusion && { confusion }),
  };
}

const pairOf = ({ falsePositiveRate, truePositiveRate }: RocPoint) => [falsePositiveRate, truePositiveRate];

/** Of points that stand on the other curve, and leave out none by more than what is thinned. */
function curveDifference(got: readonly Measured[], expected: readonly Measured[]): number {
  const distance = (a: Measured, b: Measured) => difference(a, b);
  const nearest = (point: Measured, curve: readonly Measured[]) =>
    Math.min(...curve.map((other) => distance(point, other)));
  const off = Math.max(...got.map((point) => nearest(point, expected)));
  const left = Math.max(...expected.map((point) => nearest(point, got)));
  return Math.max(off, left < 1 / 200 + TOLERANCE ? 0 : left);
}

describe.each(Object.entries(cases))('%s', (_, given) => {
  test.each(Object.entries(given.expected))('%s', async (metric, expected) => {
    const got = (await measure(given))[metric];
    // NaN must not pass as a small difference.
    const message = `got ${JSON.stringify(got)}, expected ${JSON.stringify(expected)}`;
    if (metric !== 'roc') {
      expect(difference(got, expected), message).toBeLessThan(TOLERANCE);
      return;
    }
    const curves = got as readonly (readonly Measured[] | null)[];
    for (const [at, curve] of (expected as readonly (readonly Measured[] | null)[]).entries()) {
      const mine = curves[at]!;
      if (curve === null || mine === null) expect(mine).toBe(curve);
      else expect(curveDifference(mine, curve), message).toBeLessThan(TOLERANCE);
    }
  });

  test('has every metric of an evaluation', async () => {
    const known = new Set([...Object.keys(given.expected), ...UNKNOWN[given.kind]]);
    expect(Object.keys(await measure(given)).filter((metric) => !known.has(metric))).toEqual([]);
  });
});

/** Metrics that the other program was not asked for. */
const UNKNOWN = { binary: ['eceByChance'], multiclass: ['eceByChance', 'normalisedEntropy'] } as const;
