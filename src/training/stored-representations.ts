/**
 * The representation of each request of a task, worked out once with weights that stay as they are, and kept on disk:
 * training a tower on them runs neither the recurrence nor the attention.
 */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Tensor2D } from '@tensorflow/tfjs-node';
import type { Context } from '../common/context.js';
import { recoverFolder, replaceFolder } from '../common/files.js';
import { SPLITS } from '../common/prepared.js';
import { readSealedJson, writeSealedJson } from '../common/sealed-json.js';
import { describeFile, type WrittenFiles, wrongFiles } from '../common/wrong-files.js';
import type { Batch } from '../dataset/batch.js';
import type { BatchPlan } from '../dataset/batch-plan.js';
import type { BatchSource } from '../dataset/batch-source.js';
import { RawArray } from '../dataset/raw-array.js';
import { tf } from '../engine/tf.js';
import type { RequestQuery } from '../model/forward.js';
import { representBatch } from '../model/represent.js';
import { representationUnits } from '../model/shape.js';
import type { ModelWeights } from '../model/weights.js';

const FILES = {
  kept: 'kept.json',
  requests: 'requests.i32',
  representations: 'representations.f32',
} as const;

export interface StoredRepresentations {
  /** What working them out took, whenever that was. */
  readonly seconds: number;
  /** Those of the requests of a batch, [batch, units]. */
  read(batch: Batch): Tensor2D;
  close(): void;
}

export interface RepresentationInput {
  /** Where they are kept. */
  readonly folder: string;
  /** What they follow from beside the query: kept ones with another key are made anew. */
  readonly key: { readonly weights: string; readonly prepared: string };
  readonly query: RequestQuery;
  /** Of the requests that they are needed for. */
  readonly plan: Omit<BatchPlan, 'split' | 'shuffle'>;
}

/** Works them out, where that has not been done or its files are damaged, over all parts of the split. */
export async function storeRepresentations(
  weights: ModelWeights,
  source: BatchSource,
  input: RepresentationInput,
  context: Context,
): Promise<StoredRepresentations> {
  const { folder, query, plan } = input;
  const key = { ...input.key, query, tasks: plan.tasks, maxEvents: plan.maxEvents };
  await recoverFolder(folder);
  let kept = await readKept(folder);
  const isWhole =
    kept &&
    isDeepStrictEqual(kept.key, key) &&
    (await wrongFiles(folder, kept.files, context.progress)).length === 0;
  if (!isWhole) {
    const startMs = performance.now();
    await replaceFolder(folder, async (temporary) => {
      await write(weights, source, { ...input, folder: temporary }, context);
      const seconds = (performance.now() - startMs) / 1000;
      const files: Record<string, WrittenFiles[string]> = {};
      for (const name of [FILES.requests, FILES.representations]) {
        files[name] = await describeFile(join(temporary, name));
      }
      kept = { key, seconds, files };
      await writeSealedJson(join(temporary, FILES.kept), kept);
    });
  }
  return { seconds: kept!.seconds, ...openRepresentations(folder, representationUnits(weights.shape)) };
}

interface Kept {
  readonly key: object;
  readonly seconds: number;
  readonly files: WrittenFiles;
}

/** Null where nothing is kept that can be read. */
const readKept = (folder: string): Promise<Kept | null> =>
  readSealedJson<Kept>(join(folder, FILES.kept)).catch(() => null);

async function write(
  weights: ModelWeights,
  source: BatchSource,
  { folder, query, plan }: RepresentationInput,
  { progress }: Context,
): Promise<void> {
  const plans = SPLITS.map((split): BatchPlan => ({ ...plan, split, shuffle: null }));
  const sizes = await Promise.all(plans.map((part) => source.measure(part)));
  const total = sizes.reduce((sum, { requests }) => sum + requests, 0);
  const bar = progress.start('representations', total);
  const requests = await open(join(folder, FILES.requests), 'w');
  const representations = await open(join(folder, FILES.representations), 'w');
  try {
    let done = 0;
    for (const part of plans) {
      for await (const batch of source.batches(part)) {
        await requests.writeFile(bytesOf(batch.requests));
        await representations.writeFile(bytesOf(representBatch(weights, batch, query)));
        done += batch.requests.length;
        bar.update(done);
      }
    }
  } finally {
    bar.stop();
    await requests.close();
    await representations.close();
  }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Int32Array | Float32Array) =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** Takes 4 bytes of memory for each request up to the last one. */
function openRepresentations(folder: string, units: number): Omit<StoredRepresentations, 'seconds'> {
  const requests = new RawArray(join(folder, FILES.requests), 'i32');
  const stored = new RawArray(join(folder, FILES.representations), 'f32', {
    bytes: 4 * units * requests.length,
  });
  const places = new Int32Array(
    1 + requests.load().reduce((last, request) => Math.max(last, request), -1),
  ).fill(-1);
  for (const [place, request] of requests.load().entries()) places[request] = place;
  return {
    read(batch) {
      const rows = new Float32Array(batch.requests.length * units);
      for (const [row, request] of batch.requests.entries()) {
        const place = places[request] ?? -1;
        if (place < 0) throw new Error(`the representation of request ${request} is not stored`);
        rows.set(stored.read(place * units, (place + 1) * units), row * units);
      }
      return tf.tensor2d(rows, [batch.requests.length, units]);
    },
    close() {
      requests.close();
      stored.close();
    },
  };
}
