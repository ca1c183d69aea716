/** What preprocess makes of real logs, held to counts that were taken from the same tables by another program. */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentContext } from '../../src/common/context.js';
import { type Manifest, preparedPaths, SPLITS, type Split } from '../../src/common/prepared.js';
import { loadConfig } from '../../src/config/load.js';
import { preprocess } from '../../src/preprocess/preprocess.js';

const root = new URL('../../', import.meta.url).pathname;
const data = process.env.DUPN_DATA_ROOT ?? join(root, '../shared/data');
const isThere = existsSync(join(data, 'ga_events.csv.gz'));
if (!isThere)
  process.stderr.write(`skipped: no ga_events.csv.gz in ${data} (DUPN_DATA_ROOT names another)\n`);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dupn-real-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function prepare(name: string, overrides: readonly string[] = []) {
  const config = await loadConfig(join(root, `configs/${name}.yaml`), {
    set: [`data.root=${data}`, ...overrides],
  });
  const target = join(folder, name);
  const { manifest } = await preprocess({ config, folder: target, force: false, context: silentContext });
  return { manifest, histories: await historiesOf(target) };
}

/** Part of the split -> number of events before each of its requests, ascending. */
async function historiesOf(prepared: string): Promise<Record<Split, number[]>> {
  const { buffer, byteOffset, byteLength } = await readFile(join(prepared, preparedPaths.requestEnd));
  const ends = new Int32Array(buffer.slice(byteOffset, byteOffset + byteLength));
  const parts = await readFile(join(prepared, preparedPaths.requestSplit));
  const histories: Record<Split, number[]> = { training: [], validation: [], evaluation: [] };
  for (const [request, end] of ends.entries()) histories[SPLITS[parts[request]!]!].push(end);
  return histories;
}

/** Figures of lengths of histories, ascending. */
const describeHistories = (...lists: readonly (readonly number[])[]) => {
  const sorted = lists.flat().sort((a, b) => a - b);
  const share = (holds: (length: number) => boolean) => sorted.filter(holds).length / sorted.length;
  return {
    median: sorted[Math.floor(sorted.length / 2)]!,
    mean: sorted.reduce((a, b) => a + b, 0) / sorted.length,
    percentile90: sorted[Math.floor(0.9 * sorted.length)]!,
    empty: share((length) => length === 0),
    over100: share((length) => length > 100),
  };
};

const history = (median: number, mean: number, percentile90: number, empty: number, over100: number) => ({
  median,
  mean: expect.closeTo(mean, 0),
  percentile90,
  empty: expect.closeTo(empty, 2),
  over100: expect.closeTo(over100, 2),
});

function countsOf({ tasks, requestsBySplit }: Manifest, task: string, splits: readonly Split[]) {
  const total = (label: string) =>
    splits.reduce((sum, split) => sum + (tasks[task]!.counts[split][label] ?? 0), 0);
  const requests = splits.reduce((sum, split) => sum + requestsBySplit[split], 0);
  return { rows: total('0') + total('1'), requests, positives: total('1') };
}

const BEFORE = ['training', 'validation'] as const;

describe.skipIf(!isThere)('the Google Merchandise Store tables', { timeout: 300_000 }, () => {
  it('before and from 2016-10-20 on', async () => {
    const { manifest, histories } = await prepare('ga', ['tasks.ctr.trainFrom=null']);
    expect(manifest).toMatchObject({ events: 420_737, users: 29_850, items: 446 });
    expect(countsOf(manifest, 'ctr', BEFORE)).toEqual({
      rows: 3_398_280,
      requests: 175_692,
      positives: 72_468,
    });
    expect(countsOf(manifest, 'ctr', ['evaluation'])).toEqual({
      rows: 222_119,
      requests: 21_864,
      positives: 8395,
    });
    expect(describeHistories(histories.training, histories.validation)).toEqual(
      history(4, 18.2, 39, 0.31, 0.034),
    );
    expect(describeHistories(histories.evaluation)).toEqual(history(3, 15.4, 32, 0.34, 0.03));
  });

  it('ten days and the next', async () => {
    const { manifest, histories } = await prepare('ga-strict');
    expect(countsOf(manifest, 'ctr', BEFORE)).toEqual({ rows: 200_540, requests: 19_953, positives: 7680 });
    expect(countsOf(manifest, 'ctr', ['evaluation'])).toEqual({
      rows: 21_980,
      requests: 2166,
      positives: 866,
    });
    expect(describeHistories(histories.training, histories.validation)).toEqual(
      history(4, 16.7, 38, 0.34, 0.038),
    );
    expect(describeHistories(histories.evaluation)).toEqual(history(4, 14.5, 29, 0.325, 0.023));
  });
});

describe.skipIf(!isThere)('the sample of UserBehavior', { timeout: 300_000 }, () => {
  it('eight days and the next', async () => {
    const { manifest, histories } = await prepare('taobao');
    expect(countsOf(manifest, 'nextItem', BEFORE)).toEqual({
      rows: 153_932,
      requests: 76_966,
      positives: 76_966,
    });
    expect(countsOf(manifest, 'nextItem', ['evaluation'])).toEqual({
      rows: 23_536,
      requests: 11_768,
      positives: 11_768,
    });
    expect(describeHistories(histories.training, histories.validation)).toEqual(history(58, 83, 191, 0, 0.3));
    expect(describeHistories(histories.evaluation)).toEqual(history(123, 151, 310, 0, 0.58));
  });
});
