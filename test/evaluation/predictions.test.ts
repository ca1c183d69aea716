import { expect, test } from 'vitest';
import { gatherPredictions } from '../../src/evaluation/predictions.js';
import { randomSamples } from './random-samples.js';

test('a stream of samples is gathered by task, every column in step', async () => {
  const all = { ctr: randomSamples(5000, 3), buy: randomSamples(1500, 4) };
  const part = (task: keyof typeof all, start: number, end: number) => ({
    task,
    logits: all[task].scores.slice(start, end),
    outputs: 1,
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

test('several logits of a sample stay together while the columns grow', async () => {
  const classes = 3;
  const sizes = [900, 700, 1200];
  async function* stream() {
    let first = 0;
    for (const size of sizes) {
      const ids = Int32Array.from({ length: size }, (_, i) => first + i);
      const column = Float32Array.from(ids);
      const logits = Float32Array.from({ length: classes * size }, (_, i) => classes * first + i);
      yield {
        task: 'level',
        logits,
        outputs: classes,
        label: column,
        weight: column,
        request: ids,
        sample: ids,
      };
      first += size;
    }
  }
  const { scores, outputs, samples } = (await gatherPredictions(stream())).get('level')!;
  expect(outputs).toBe(classes);
  expect(samples.length).toBe(2800);
  expect([...scores]).toEqual(Array.from({ length: classes * 2800 }, (_, i) => i));
});
