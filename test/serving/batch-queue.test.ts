/** What waits for the model: what comes together is answered together, what is too much or too late is told so. */
import { expect, test } from 'vitest';
import { BatchQueue } from '../../src/serving/batch-queue.js';

const options = { batchRequests: 4, batchMs: 5, capacity: 10, timeoutMs: 1000 };

/** Answers ten times what it is asked, and keeps what it was asked together. */
function queueOf(more: Partial<typeof options> = {}, fails: (job: number) => boolean = () => false) {
  const batches: (readonly number[])[] = [];
  const queue = new BatchQueue<number, number>({
    ...options,
    ...more,
    async run(jobs) {
      batches.push(jobs);
      if (jobs.some(fails)) throw new Error(`cannot do ${jobs}`);
      return jobs.map((job) => 10 * job);
    },
  });
  return { queue, batches };
}

test('requests that come together are answered together, in their order, as many at a time as may be', async () => {
  const { queue, batches } = queueOf();
  const answers = Promise.all([1, 2, 3, 4, 5, 6].map((job) => queue.ask(job)));
  expect(queue.length).toBe(6);
  expect(await answers).toEqual([10, 20, 30, 40, 50, 60]);
  expect(batches).toEqual([
    [1, 2, 3, 4],
    [5, 6],
  ]);
});

test('the first request waits for others, but no longer than it may', async () => {
  const { queue, batches } = queueOf({ batchMs: 40 });
  const startMs = performance.now();
  const first = queue.ask(1);
  await new Promise((resolve) => setTimeout(resolve, 10));
  await Promise.all([first, queue.ask(2)]);
  expect(batches).toEqual([[1, 2]]);
  expect(performance.now() - startMs).toBeGreaterThan(30);
});

test('a full batch does not wait', async () => {
  const { queue } = queueOf({ batchMs: 60_000 });
  expect(await Promise.all([1, 2, 3, 4].map((job) => queue.ask(job)))).toEqual([10, 20, 30, 40]);
});

test('more than may wait is refused', async () => {
  const { queue } = queueOf({ capacity: 2 });
  const taken = [queue.ask(1), queue.ask(2)];
  expect(() => queue.ask(3)).toThrow(expect.objectContaining({ status: 429 }));
  expect(await Promise.all(taken)).toEqual([10, 20]);
  expect(await queue.ask(3)).toBe(30);
});

test('what has waited for too long is given up, and the rest is answered', async () => {
  const { queue, batches } = queueOf({ timeoutMs: 50, batchMs: 1 });
  const late = queue.ask(1);
  const until = performance.now() + 80;
  while (performance.now() < until);
  const inTime = queue.ask(2);
  await expect(late).rejects.toMatchObject({ status: 503 });
  expect(await inTime).toBe(20);
  expect(batches).toEqual([[2]]);
});

test('a request that fails takes no other along', async () => {
  const { queue } = queueOf({}, (job) => job === 2);
  const settled = await Promise.allSettled([1, 2, 3].map((job) => queue.ask(job)));
  expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});

test('it says when nothing waits any more', async () => {
  const { queue, batches } = queueOf();
  await queue.drained();
  const asked = [1, 2, 3, 4, 5].map((job) => queue.ask(job));
  await queue.drained();
  expect(batches.flat()).toEqual([1, 2, 3, 4, 5]);
  await Promise.all(asked);
});

test('what waits is given up in time, also while the model is at work on something else', async () => {
  let finish = () => {};
  const working = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const queue = new BatchQueue<number, number>({
    batchRequests: 1,
    batchMs: 0,
    capacity: 10,
    timeoutMs: 60,
    async run(jobs) {
      await working;
      return jobs;
    },
  });
  const asked = [1, 2, 3, 4].map((job) => queue.ask(job));
  const startMs = performance.now();
  await expect(asked[2]).rejects.toMatchObject({ status: 503 });
  await expect(asked[3]).rejects.toMatchObject({ status: 503 });
  expect(performance.now() - startMs).toBeLessThan(1000);
  expect(queue.length).toBe(0);
  finish();
  expect(await Promise.all([asked[0], asked[1]])).toEqual([1, 2]);
  await queue.drained();
});
