/** Metrics against scikit-learn and plain definitions (metrics.py). The fixture is made by `npm run peers`. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { accuracy } from '../../src/evaluation/accuracy.js';
import { auc } from '../../src/evaluation/auc.js';
import { aucByGroup, gauc } from '../../src/evaluation/gauc.js';
import { logLoss } from '../../src/evaluation/log-loss.js';
import { macroAuc } from '../../src/evaluation/macro-auc.js';
import { logProbabilities } from '../../src/evaluation/scored-classes.js';

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

function measure(given: Case): Record<string, Measured> {
  const columns = { labels: Float32Array.from(given.labels), weights: Float32Array.from(given.weights) };
  if (given.kind === 'multiclass') {
    const classes = given.scores[0]!.length;
    const scores = Float32Array.from(given.scores.flat());
    const samples = { ...columns, scores, classes };
    const logs = logProbabilities(samples);
    const total = given.weights.reduce((sum, weight) => sum + weight, 0);
    const losses = given.labels.map((label, i) => -given.weights[i]! * logs[i * classes + label]!);
    return {
      accuracy: accuracy(samples),
      macroAuc: macroAuc(samples),
      logLoss: losses.reduce((sum, loss) => sum + loss, 0) / total,
    };
  }
  const samples = { ...columns, scores: Float32Array.from(given.scores) };
  return {
    auc: auc(samples),
    gauc: gauc(aucByGroup(samples, Int32Array.from(given.groups))),
    gaucByUser: gauc(aucByGroup(samples, Int32Array.from(given.users))),
    logLoss: logLoss(samples),
  };
}

describe.each(Object.entries(cases))('%s', (_, given) => {
  test.each(Object.entries(measure(given)))('%s', (metric, got) => {
    expect(given.expected).toHaveProperty(metric);
    const expected = given.expected[metric]!;
    // NaN must not pass as a small difference.
    const message = `got ${JSON.stringify(got)}, expected ${JSON.stringify(expected)}`;
    expect(difference(got, expected), message).toBeLessThan(TOLERANCE);
  });
});
