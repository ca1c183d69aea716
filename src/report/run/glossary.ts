/** What the rows and columns of the results are, for a reader who has the page alone. */
import { metricTitle } from '../../common/metric-title.js';
import type { TaskKind } from '../../common/prepared.js';
import type { SavedEvaluation } from '../../evaluation/saved-evaluation.js';
import type { DraftBlock } from '../drafts.js';
import type { RunReport } from '../run-report.js';
import { metricNames } from './task-area.js';

/** By the names that they have before `[task]`, NDCG by the places that it goes to. */
const METRICS: Readonly<Record<string, string>> = {
  auc: 'the chance that a positive sample is scored above a negative one; 0.5 is a coin, 1 is perfect',
  gauc: 'group AUC: the AUC within each request, in the mean; what counts for the order on a page',
  gaucByUser: 'the AUC within each user, in the mean',
  mrr: 'mean reciprocal rank: the mean of 1 / place of the first positive of a request',
  accuracy: 'the share of the samples whose most probable class is theirs',
  macroAuc: 'the mean over the classes of the AUC of one class against all others; 0.5 is a coin',
  logLoss: 'the mean of -log p(label), in nats; less is better',
  normalisedEntropy:
    'the log loss over that of predicting the base rates for everyone; below 1 is better than that',
  predictedOverObserved: 'the sum of the predicted probabilities over the positives; 1 is right on average',
  ece: 'expected calibration error (ECE): the mean distance between prediction and outcome; less is better',
  eceByChance: 'what the calibration error would be if every prediction were right',
};

const NDCG =
  'normalised discounted cumulative gain: how near the order of the first places of a request is to the best one, which has 1';

const BASELINES: Readonly<Record<string, string>> = {
  position: "the share of positives at the sample's place on the page",
  itemPosition: "the candidate's share of positives times that of its place",
  popularity: 'how often the candidate came up in the log before the evaluation',
  seen: 'how often the user met the candidate, or what is like it, among the behaviours that the model reads',
  lastItem: 'the same of the latest behaviour alone; of several classes, their shares after that item',
  prior: 'the shares of the classes in training',
};

/** The others are named for the entity that is judged. */
const OWN_RATE = "the candidate's own share of positives in the training samples, smoothed";

const KINDS: Readonly<Record<TaskKind, string>> = {
  binary: 'yes or no about a candidate or a user (kind: binary)',
  rank: 'yes or no about a candidate, by weights of its features that fit the user (kind: rank)',
  multiclass: 'one of several classes (kind: multiclass)',
};

/** Folded; of what the results have. */
export function glossary({ evaluation, data }: Pick<RunReport, 'evaluation' | 'data'>): DraftBlock {
  const tasks = Object.keys(evaluation.tasks);
  const metrics = [...new Set(tasks.flatMap((task) => metricNames(evaluation, task)))];
  return {
    kind: 'details',
    summary: 'What the tasks, the metrics and the baselines are',
    blocks: [
      {
        kind: 'terms',
        terms: tasks.flatMap((task) => {
          const kind = data.kinds?.[task];
          return kind ? [{ term: task, text: KINDS[kind] }] : [];
        }),
      },
      {
        kind: 'terms',
        terms: metrics.flatMap((name) => {
          const text = name.startsWith('ndcg') ? NDCG : METRICS[name];
          return text ? [{ term: metricTitle(name), text }] : [];
        }),
      },
      {
        kind: 'text',
        text:
          baselinesOf(evaluation).length > 0 ? 'Baselines score the same samples without a model, by:' : '',
      },
      {
        kind: 'terms',
        terms: baselinesOf(evaluation).map((term) => ({ term, text: BASELINES[term] ?? OWN_RATE })),
      },
      {
        kind: 'text',
        text: '95 % interval: by resampling the users of the evaluation. docs/metrics.md says more of all of it.',
      },
    ],
  };
}

const baselinesOf = ({ baselines }: SavedEvaluation): string[] => [
  ...new Set(Object.values(baselines).flatMap((ofTask) => Object.keys(ofTask))),
];
