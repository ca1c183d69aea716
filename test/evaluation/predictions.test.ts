import { expect, test } from 'vitest';
import { gatherPredictions } from '../../src/evaluation/predictions.js';
import { randomSamples } from './random-samples.js';

test('a stream of samples is gathered by task, every column in step', async () => {
  const all = { ctr: randomSamples(5000, 3), buy: randomSamples(1500, 4) };
  const part = (task: keyof typeof all, start: number, end: number) => ({
    task,
    logits: all[task].scores.slice(start, end),
    label: all[task].labels.slice(start, end),
    weight: all[task].weights.slice(start, end),
    request: all[task].requests.slice(start, end),
    sample: all[task].samples.slice(start, end),
  });
  async function* stream() {
    for (let start = 0; start < 5000; start += 700) {
      yield part('ctr', start, start + 700);
      yield part('buy', start, start + 700);
    }
  }
  let counted = 0;
  const gathered = await gatherPredictions(stream(), (count) => {
    counted += count;
  });
  expect(gathered.get('ctr')).toEqual(all.ctr);
  expect(gathered.get('buy')).toEqual(all.buy);
  expect(counted).toBe(6500);
});
