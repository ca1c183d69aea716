import { expect, test } from 'vitest';
import { createRandom } from '../../src/common/random.js';
import { aucByGroup, gauc } from '../../src/evaluation/gauc.js';
import { logLoss, logLossOf } from '../../src/evaluation/log-loss.js';
import { resampledAuc, resampledMean } from '../../src/evaluation/resampled.js';
import { aucByPairs, pickSamples, randomSamples } from './random-samples.js';

const NUM_USERS = 9;
const userOf = (request: number) => request % NUM_USERS;

/** Samples of several users and a draw of users; the drawn samples are written out, each as often as its user. */
function drawnWorld(seed: number) {
  const samples = randomSamples(120, seed);
  const random = createRandom('draw', seed);
  const counts = new Int32Array(NUM_USERS);
  for (let draw = 0; draw < NUM_USERS; draw++) counts[random.integer(NUM_USERS)]!++;
  const users = samples.requests.map(userOf);
  const members = [...users.keys()].flatMap((i) => new Array<number>(counts[users[i]!]!).fill(i));
  return { samples, users, counts, members, drawn: pickSamples(samples, members) };
}

test('the AUC of a draw of users is that of their samples written out', () => {
  for (let seed = 0; seed < 20; seed++) {
    const { samples, users, counts, drawn } = drawnWorld(seed);
    expect(resampledAuc(samples, users)(counts)).toBeCloseTo(aucByPairs(drawn)!, 12);
  }
});

test('the AUC of a draw without positive samples is null', () => {
  const { samples, users } = drawnWorld(1);
  const labels = Float32Array.from(users, (user) => (user === 0 ? 1 : 0));
  const metric = resampledAuc({ ...samples, labels }, users);
  const withoutUser0 = new Int32Array(NUM_USERS).fill(1, 1);
  expect(metric(withoutUser0)).toBeNull();
});

test('the log loss of a draw of users is that of their samples written out', () => {
  for (let seed = 0; seed < 20; seed++) {
    const { samples, users, counts, members } = drawnWorld(seed);
    const scores = samples.scores.map((score) => (Number.isFinite(score) ? score : 0));
    const values = Float64Array.from(scores, (score, i) => logLossOf(score, samples.labels[i]!));
    const metric = resampledMean({ values, weights: samples.weights, users }, NUM_USERS);
    const expected = logLoss(pickSamples({ ...samples, scores }, members));
    expect(metric(counts)).toBeCloseTo(expected!, 12);
  }
});

test('the GAUC of a draw of users is that of their requests, each copy a request of its own', () => {
  for (let seed = 0; seed < 20; seed++) {
    const { samples, counts } = drawnWorld(seed);
    const groups = aucByGroup(samples, samples.requests);
    const metric = resampledMean({ ...groups, users: groups.groups.map(userOf) }, NUM_USERS);
    const numRequests = Math.max(...samples.requests) + 1;
    const copies = [...samples.requests.keys()].flatMap((i) =>
      Array.from({ length: counts[userOf(samples.requests[i]!)]! }, (_, copy) => ({
        i,
        request: samples.requests[i]! + copy * numRequests,
      })),
    );
    const writtenOut = pickSamples(
      samples,
      copies.map(({ i }) => i),
    );
    const requests = Int32Array.from(copies, ({ request }) => request);
    expect(metric(counts)).toBeCloseTo(gauc(aucByGroup(writtenOut, requests))!, 12);
  }
});
