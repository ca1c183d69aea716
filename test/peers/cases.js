/** Scored samples that metrics are compared on: small, but with every case that could be got wrong. */
import { createRandom } from '../../dist/common/random.js';

const list = (length, make) => Array.from({ length }, (_, i) => make(i));

/** Samples of requests of 1 to `longest`, a few of them for each user; `score` and `weight` draw one. */
function binary(name, { samples, longest, k, score, weight, label }) {
  const random = createRandom('peers', name);
  const groups = [];
  for (let group = 0; groups.length < samples; group++) {
    for (let left = 1 + random.integer(longest); left > 0 && groups.length < samples; left--)
      groups.push(group);
  }
  const scores = list(samples, () => score(random));
  const labels = scores.map((value) => label(random, value));
  const weights = list(samples, (i) => weight(random, i));
  // The samples of a request don't stand together.
  random.shuffle(groups);
  return {
    name,
    kind: 'binary',
    k,
    scores,
    labels,
    weights,
    groups,
    users: groups.map((group) => group % 7),
  };
}

function multiclass(name, { samples, classes, score, weight, label }) {
  const random = createRandom('peers', name);
  const scores = list(samples, () => list(classes, () => score(random)));
  // Whole samples that tie, and samples whose largest scores tie.
  for (let i = 0; i < samples; i += 5) scores[i] = [...scores[random.integer(samples)]];
  for (let i = 3; i < samples; i += 9) {
    scores[i][classes - 1] = Math.max(...scores[i]);
    scores[i][0] = scores[i][classes - 1];
  }
  const labels = scores.map((row) => label(random, row));
  const weights = list(samples, (i) => weight(random, i));
  return { name, kind: 'multiclass', scores, labels, weights };
}

const sigmoid = (z) => 1 / (1 + Math.exp(-z));
const distinct = (random) => Math.fround(1.5 * random.normal() - 0.5);
/** A quarter apart: many are equal. */
const coarse = (random) => Math.round(4 * random.normal()) / 4;
/** Now and then none. */
const uneven = (random) => 0.25 * random.integer(8);
const one = () => 1;
const likely = (random, z) => (random.uniform() < sigmoid(z) ? 1 : 0);
const likeliest = (random, row) =>
  random.uniform() < 0.5 ? row.indexOf(Math.max(...row)) : random.integer(row.length);

/** Scores and weights are exact as float32. */
export function makeCases() {
  const usual = { samples: 200, longest: 8, k: 5, score: distinct, weight: one, label: likely };
  const ties = { ...usual, samples: 240, longest: 12, score: coarse, weight: uneven };
  return [
    binary('distinct scores, equal weights', usual),
    binary('ties and weights', ties),
    binary('long requests with few positives', {
      ...ties,
      longest: 60,
      k: 10,
      label: (random) => +(random.uniform() < 0.05),
    }),
    binary('one sample has most of the weight', { ...usual, weight: (_, i) => (i === 7 ? 300 : 1) }),
    binary('one score for all', { ...ties, score: () => -1.5 }),
    binary('requests of one sample', { ...ties, longest: 1 }),
    binary('positives alone', { ...ties, samples: 30, label: one }),
    binary('negatives alone', { ...ties, samples: 30, label: () => 0 }),
    binary('a single sample', { ...usual, samples: 1 }),
    multiclass('classes', { ...usual, classes: 3, label: likeliest }),
    multiclass('classes with weights', { ...ties, score: distinct, classes: 5, label: likeliest }),
    multiclass('a class that no sample has', {
      ...ties,
      score: distinct,
      classes: 4,
      label: (random) => [0, 1, 3][random.integer(3)],
    }),
  ];
}
