/** The report of a run made by hand: two binary tasks, one that ranks and one of three classes; few clicks, many behaviours. */

import type { LearningRecord } from '../../src/common/learning-curves.js';
import { mapValues } from '../../src/common/map-values.js';
import type { DataProfile } from '../../src/evaluation/data-profile.js';
import type { Slice } from '../../src/evaluation/slicing/slices.js';
import type { RunReport } from '../../src/report/run-report.js';

/** Of samples that weigh 1 each. */
const counts = (samples: number, labels: readonly number[]) => ({
  ...{ samples, weight: samples, labels },
  ...{ requests: 300, users: 80, requestsWithBoth: 120 },
});

/** A bin of 1,000 samples. */
const bin = (predicted: number, observed: number) => ({
  ...{ samples: 1000, weight: 1000, predicted, observed },
  deviation: Math.sqrt((predicted * (1 - predicted)) / 1000),
});

/** What the model has more than a baseline. */
const less = (value: number, other: number, half: number) => ({
  ...{ value, other, difference: value - other, pValue: 0.25 },
  interval: { low: value - other - half, high: value - other + half },
});

/** A curve through (0, 0), (.1, .1 + gain), (.5, .5 + gain) and (1, 1). */
const roc = (gain: number) =>
  [
    [0, 0],
    [0.1, 0.1 + gain],
    [0.5, 0.5 + gain],
    [1, 1],
  ].map(([falsePositiveRate, truePositiveRate]) => ({
    falsePositiveRate: falsePositiveRate!,
    truePositiveRate: truePositiveRate!,
  }));

const interval = (value: number, half: number) => ({
  low: value - half,
  high: value + half,
  standardError: half / 1.96,
});

const slice = (value: string, area: number | null, change: Partial<Slice> = {}): Slice => ({
  value,
  samples: 500,
  labels: [485, 15],
  users: 60,
  share: 0.1,
  area,
  interval: area === null ? null : interval(area, 0.04),
  logLoss: 0.12,
  predictedOverObserved: 1.08,
  tiny: false,
  ...change,
});

/** Records as metrics.jsonl has them. */
const training: LearningRecord[] = Array.from({ length: 40 }, (_, at) => ({
  step: 10 * (at + 1),
  epoch: Math.floor(at / 10) + 1,
  'loss[ctr]': 0.16 + 0.2 / (at + 1) + (at % 3) / 200,
  'loss[spp]': 0.4 + 0.3 / (at + 1),
  'loss[l2r]': 0.5 + 0.2 / (at + 1),
  'loss[ppp]': 1 + 0.1 / (at + 1),
}));

const validation: LearningRecord[] = [0.6, 0.64, 0.66, 0.65].map((auc, at) => ({
  step: 100 * (at + 1),
  epoch: at + 1,
  'auc[ctr]': auc,
  'auc[spp]': auc + 0.05,
  'auc[l2r]': auc + 0.08,
  'macroAuc[ppp]': auc - 0.04,
}));

const gates = (open: number) => ({ input: open, forget: 1 - open / 2, output: 0.3 + open / 2 });

/** Weights 20, 19, .. 1 of 210, but that the tenth has the largest. */
const behaviours = Array.from({ length: 20 }, (_, at) => ({
  time: 1_768_400_000 - 5400 * (at + 1),
  ageSeconds: 5400 * (at + 1),
  itemId: `item${at + 1}`,
  item: { shop: `shop${at % 4}`, category: `c${at % 3}`, tags: 'red, cotton' },
  properties: { behavior: ['click', 'cart', 'buy'][at % 3]!, scenario: 'search' },
  weight: (at === 9 ? 20 : at === 0 ? 11 : 20 - at) / 210,
  gates: gates(0.2 + at / 40),
}));

const groups = (by: string, values: readonly string[]) => ({
  by,
  groups: values.map((value, at) => ({
    value,
    behaviours: 1000 - at,
    attention: 1.6 - at / 5,
    gates: gates(0.8 - at / 10),
  })),
});

type RequestsOfDay = DataProfile['requestsByDay'][number];

const days = ['05', '06', '07', '08', '09', '10', '11'].map((day) => `2026-01-${day}`);

export const example: RunReport = {
  format: 2,
  name: 'shop',
  data: {
    prepared: 'prepared/shop',
    users: 400,
    events: 21_000,
    items: 900,
    firstEvent: '2026-01-05T00:00:10.000Z',
    lastEvent: '2026-01-11T23:59:50.000Z',
    evaluationFrom: '2026-01-11T00:00:00.000Z',
    evaluationTo: null,
    timeZone: 'UTC',
    samples: {
      ctr: { training: 40_000, validation: 4000, evaluation: 8000 },
      spp: { training: 4000, validation: 400, evaluation: 800 },
      l2r: { training: 9000, validation: 900, evaluation: 1800 },
      ppp: { training: 2000, validation: 200, evaluation: 400 },
    },
  },
  evaluation: {
    run: 'runs/shop',
    step: 300,
    scoring: { requests: 300, seconds: 1.5 },
    metrics: {
      'auc[ctr]': 0.6712,
      'gauc[ctr]': 0.6401,
      'logLoss[ctr]': 0.1411,
      'ece[ctr]': 0.0061,
      'eceByChance[ctr]': 0.0044,
      'auc[spp]': 0.7123,
      'gauc[spp]': null,
      'logLoss[spp]': 0.4211,
      'auc[l2r]': 0.9912,
      'gauc[l2r]': 0.7,
      'logLoss[l2r]': 0.5,
      'accuracy[ppp]': 0.52,
      'macroAuc[ppp]': 0.6134,
      'logLoss[ppp]': 0.9911,
    },
    intervals: {
      'auc[ctr]': interval(0.6712, 0.02),
      'gauc[ctr]': interval(0.6401, 0.02),
      'logLoss[ctr]': interval(0.1411, 0.01),
      'auc[spp]': interval(0.7123, 0.03),
      'gauc[spp]': null,
      'logLoss[spp]': interval(0.4211, 0.02),
      'auc[l2r]': interval(0.9912, 0.004),
      'gauc[l2r]': interval(0.7, 0.02),
      'logLoss[l2r]': interval(0.5, 0.02),
      'accuracy[ppp]': interval(0.52, 0.05),
      'macroAuc[ppp]': interval(0.6134, 0.03),
      'logLoss[ppp]': interval(0.9911, 0.04),
    },
    reasons: { 'gauc[spp]': 'no request has both kinds of label' },
    warnings: { 'auc[l2r]': 'above 0.98: look for a feature that knows the label' },
    tasks: {
      ctr: counts(8000, [7760, 240]),
      spp: { ...counts(800, [600, 200]), requestsWithBoth: 0 },
      l2r: counts(1800, [1500, 300]),
      ppp: counts(400, [200, 150, 50]),
    },
    baselines: {
      ctr: {
        item: { auc: 0.61, gauc: 0.59, logLoss: 0.15 },
        position: { auc: 0.58, gauc: 0.6, logLoss: 0.152 },
        seen: { auc: 0.55, gauc: 0.56, logLoss: null },
      },
      spp: { shop: { auc: 0.69, gauc: null, logLoss: 0.43 }, seen: { auc: null, gauc: null, logLoss: null } },
      l2r: {},
      ppp: { prior: { accuracy: 0.5, macroAuc: 0.5, logLoss: 1.03 } },
    },
    differences: {
      ctr: {
        item: { auc: less(0.6712, 0.61, 0.02), gauc: null },
        position: { auc: less(0.6712, 0.58, 0.03) },
        seen: { auc: less(0.6712, 0.665, 0.01) },
      },
      spp: { shop: { auc: less(0.7123, 0.74, 0.01) }, seen: { auc: null } },
      l2r: {},
      ppp: { prior: { macroAuc: less(0.6134, 0.5, 0.05) } },
    },
    curves: {
      ctr: {
        roc: [roc(0.2)],
        calibration: [
          bin(0.004, 0.005),
          bin(0.009, 0.008),
          bin(0.015, 0.02),
          bin(0.03, 0.028),
          bin(0.06, 0.05),
          bin(0.14, 0.11),
        ],
        confusion: null,
      },
      spp: {
        roc: [roc(0.25)],
        calibration: [bin(0.18, 0.2), bin(0.25, 0.24), bin(0.34, 0.33)],
        confusion: null,
      },
      l2r: { roc: [null], calibration: [], confusion: null },
      ppp: {
        roc: [roc(0.1), roc(0.2), null],
        calibration: [bin(0.4, 0.42), bin(0.6, 0.55)],
        confusion: [
          [150, 40, 10],
          [50, 90, 10],
          [20, 20, 10],
        ],
      },
    },
    slices: {
      ctr: [
        {
          column: 'category',
          within: 0.63,
          slices: [
            slice('shoes', 0.55),
            slice('hats', 0.62),
            slice('bags', 0.7),
            slice('rare', 0.41, { tiny: true, samples: 12, labels: [11, 1] }),
            slice('none', null, { tiny: true, predictedOverObserved: null }),
          ],
        },
        { column: 'hour', within: 0.635, slices: [slice('0-5', 0.58), slice('18-23', 0.69)] },
      ],
      spp: [{ column: 'shop', within: 0.66, slices: [slice('s1', 0.66, { predictedOverObserved: null })] }],
      l2r: [],
      ppp: [{ column: 'gender', within: 0.61, slices: [slice('f', 0.6), slice('m', 0.62)] }],
    },
    against: {
      run: 'runs/before',
      step: 200,
      tasks: { ctr: { samples: 8000, of: 8000 }, ppp: { samples: 390, of: 400 } },
      metrics: {
        'auc[ctr]': {
          value: 0.6712,
          other: 0.66,
          difference: 0.0112,
          interval: { low: 0.002, high: 0.02 },
          pValue: 0.014,
        },
        'macroAuc[ppp]': { value: 0.6134, other: 0.62, difference: -0.0066, interval: null, pValue: null },
        'gauc[spp]': null,
      },
    },
  },
  learning: { training, validation },
  insight: {
    requests: 200,
    groups: [
      groups('behavior', ['click', 'cart', 'buy']),
      groups('age', ['under 1 hour', '1 hour to 1 day', '1 to 7 days', 'more']),
      groups('place', ['1', '2', '3-4', '5-8']),
    ],
    histories: [
      {
        userId: 'u17',
        time: 1_768_400_000,
        asked: { kind: 'text', text: 'red shoes' },
        predictions: [
          { task: 'ctr', candidate: 'item7', label: 1, probability: 0.0812 },
          { task: 'ctr', candidate: 'item9', label: 0, probability: 0.0123 },
          { task: 'ppp', candidate: null, label: 2, probability: 0.4 },
        ],
        behaviours,
      },
      {
        userId: 'u18',
        time: 1_768_400_600,
        asked: { kind: 'candidate', text: 'item7' },
        predictions: [],
        behaviours: behaviours.slice(0, 2).map((each) => ({ ...each, weight: 0.5, gates: null })),
      },
      {
        userId: 'new',
        time: 1_768_400_900,
        asked: { kind: 'none', text: '' },
        predictions: [],
        behaviours: [],
      },
    ],
    featureWeights: {
      l2r: [
        { feature: 'constant', mean: 4.25, low: 4, high: 4.5 },
        { feature: 'predictedCtr', mean: 0.82, low: 0.5, high: 1.1 },
        { feature: 'price', mean: -0.41, low: -0.8, high: 0.1 },
        { feature: 'sales', mean: 0.12, low: -0.1, high: 0.3 },
      ],
    },
  },
  profile: {
    lengths: ['0', '1', '2', '3-4', '5-8', '9-16', '17-32', '33-64', '65-100'].map((behaviours, at) => ({
      behaviours,
      requests: { training: 100 + 10 * at, validation: 10 + at, evaluation: 40 - 2 * at },
    })),
    properties: [
      {
        field: 'behavior',
        values: [
          { value: 'click', events: 18_000 },
          { value: 'cart', events: 2000 },
          { value: 'buy', events: 1000 },
        ],
      },
      { field: 'scenario', values: [{ value: 'search', events: 21_000 }] },
    ],
    eventsByDay: days.map((day, at) => ({ day, events: 3000 + (at % 3) * 200 })),
    requestsByDay: days.flatMap((day, at): RequestsOfDay[] =>
      at === 6
        ? [{ day, split: 'evaluation', requests: 300 }]
        : [
            { day, split: 'training', requests: 250 + 10 * at },
            { day, split: 'validation', requests: 25 },
          ],
    ),
    rows: {
      log: {
        read: 21_100,
        kept: 21_000,
        rejected: 60,
        filtered: 40,
        rejectedBy: { 'time: no date': 60 },
        filteredBy: { 'data.log.to': 40 },
      },
      items: { read: 900, kept: 900, rejected: 0, filtered: 0, rejectedBy: {}, filteredBy: {} },
    },
  },
};

/** Nothing but a task that could be measured: no bootstrap, no recurrence, no property, no history. */
export const bare: RunReport = {
  ...example,
  evaluation: {
    ...example.evaluation,
    metrics: { 'auc[ctr]': 0.6712, 'gauc[ctr]': null, 'logLoss[ctr]': 0.1411 },
    intervals: {},
    reasons: {},
    warnings: {},
    tasks: { ctr: example.evaluation.tasks.ctr! },
    baselines: {},
    differences: {},
    curves: {},
    slices: {},
    against: null,
  },
  learning: { training: [], validation: [] },
  insight: { requests: 0, groups: [], histories: [], featureWeights: {} },
  profile: { lengths: [], properties: [], eventsByDay: [], requestsByDay: [], rows: {} },
};

/** The same with `text` at the end of all that comes from data, or from names in a config. */
export function renamed(report: RunReport, text: string): RunReport {
  const { data, evaluation, insight, profile } = report;
  const name = (of: string) => `${of}${text}`;
  const metric = (key: string) => `${key.slice(0, -1)}${text}]`;
  const keyed = <T>(record: Readonly<Record<string, T>>, change = name) =>
    Object.fromEntries(Object.entries(record).map(([key, value]) => [change(key), value]));
  const texts = (record: Readonly<Record<string, string>>) => keyed(mapValues(record, name));
  const points = (of: readonly LearningRecord[]) =>
    of.map((point) => keyed(point, (key) => (key.endsWith(']') ? metric(key) : key)) as LearningRecord);
  return {
    ...report,
    name: name(report.name),
    data: { ...data, prepared: name(data.prepared), samples: keyed(data.samples) },
    evaluation: {
      ...evaluation,
      metrics: keyed(evaluation.metrics, metric),
      intervals: keyed(evaluation.intervals, metric),
      reasons: mapValues(keyed(evaluation.reasons, metric), name),
      warnings: mapValues(keyed(evaluation.warnings, metric), name),
      tasks: keyed(evaluation.tasks),
      baselines: keyed(mapValues(evaluation.baselines, (of) => keyed(of))),
      differences: keyed(mapValues(evaluation.differences, (of) => keyed(of))),
      curves: keyed(evaluation.curves),
      slices: keyed(
        mapValues(evaluation.slices, (columns) =>
          columns.map(({ column, within, slices }) => ({
            ...{ column: name(column), within },
            slices: slices.map((each) => ({ ...each, value: name(each.value) })),
          })),
        ),
      ),
      against: evaluation.against && {
        ...evaluation.against,
        run: name(evaluation.against.run),
        tasks: keyed(evaluation.against.tasks),
        metrics: keyed(evaluation.against.metrics, metric),
      },
    },
    learning: { training: points(report.learning.training), validation: points(report.learning.validation) },
    insight: {
      ...insight,
      groups: insight.groups.map(({ by, groups: of }) => ({
        by: name(by),
        groups: of.map((group) => ({ ...group, value: name(group.value) })),
      })),
      histories: insight.histories.map((history) => ({
        ...history,
        userId: name(history.userId),
        asked: { ...history.asked, text: name(history.asked.text) },
        predictions: history.predictions.map((each) => ({
          ...each,
          task: name(each.task),
          candidate: each.candidate && name(each.candidate),
        })),
        behaviours: history.behaviours.map((each) => ({
          ...each,
          itemId: name(each.itemId),
          item: texts(each.item),
          properties: texts(each.properties),
        })),
      })),
      featureWeights: keyed(
        mapValues(insight.featureWeights, (weights) =>
          weights.map((each) => ({
            ...each,
            feature: each.feature === 'constant' ? 'constant' : name(each.feature),
          })),
        ),
      ),
    },
    profile: {
      ...profile,
      properties: profile.properties.map(({ field, values }) => ({
        field: name(field),
        values: values.map((each) => ({ ...each, value: name(each.value) })),
      })),
      rows: keyed(
        mapValues(profile.rows, (counts) => ({
          ...counts,
          rejectedBy: keyed(counts.rejectedBy),
          filteredBy: keyed(counts.filteredBy),
        })),
      ),
    },
  };
}
