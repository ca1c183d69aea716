/**
 * A checkpoint folder: weights.safetensors, optimizer.safetensors and checkpoint.json, which names the model's shape,
 * where training stood, and the checksums of all three. It appears whole or not at all.
 */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { messageOf, UserError } from '../common/errors.js';
import { replaceFolder } from '../common/files.js';
import { readSealedJson, writeSealedJson } from '../common/sealed-json.js';
import type { ResourceVariable } from '../engine/resource-variable.js';
import { openSafetensors, readVariables, type SafetensorsFile, writeSafetensors } from './safetensors.js';
import type { ModelShape } from './shape.js';
import { allVariables, emptyWeights, type ModelWeights } from './weights.js';

const CHECKPOINT_FORMAT = 4;
const WEIGHTS = 'weights.safetensors';
const OPTIMIZER = 'optimizer.safetensors';
export const CHECKPOINT_HEAD = 'checkpoint.json';

type Slots = ReadonlyMap<string, ResourceVariable>;

/** What checkpoint.json holds; `State` is what training needs to go on. */
interface Head<State> {
  readonly format: number;
  readonly shape: ModelShape;
  readonly state: State;
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;
}

/** Writes the folder, in the place of an older one. */
export async function saveCheckpoint<State>(
  folder: string,
  weights: ModelWeights,
  slots: Slots,
  state: State,
): Promise<void> {
  await replaceFolder(folder, async (temporary) => {
    const files = {
      [WEIGHTS]: await writeSafetensors(join(temporary, WEIGHTS), allVariables(weights)),
      [OPTIMIZER]: await writeSafetensors(join(temporary, OPTIMIZER), slots),
    };
    const head: Head<State> = { format: CHECKPOINT_FORMAT, shape: weights.shape, state, files };
    await writeSealedJson(join(temporary, CHECKPOINT_HEAD), head);
  });
}

async function readHead<State>(folder: string): Promise<Head<State>> {
  const path = join(folder, CHECKPOINT_HEAD);
  const head = await readSealedJson<Head<State>>(path).catch((cause) => {
    throw new UserError(`Cannot load the checkpoint ${folder}: ${messageOf(cause)}`, { cause });
  });
  if (head.format !== CHECKPOINT_FORMAT) {
    throw new UserError(
      `Cannot load the checkpoint ${folder}: expected format ${CHECKPOINT_FORMAT}, got ${head.format}; train it again`,
    );
  }
  return head;
}

/** Open, and checked: what is read from it is of this head, whatever takes its place meanwhile. */
async function openFile(folder: string, name: string, head: Head<unknown>): Promise<SafetensorsFile> {
  const file = await openSafetensors(join(folder, name));
  const expected = head.files[name]?.sha256;
  const got = await file.sha256();
  if (got === expected) return file;
  await file.close();
  throw new UserError(
    `Cannot load ${file.path}: the file is damaged (sha256 ${expected} was written, got ${got})`,
  );
}

const READ_ATTEMPTS = 5;

/**
 * A run that is training may put a newer checkpoint in the place of one that is read: then `read` is called again, with the
 * head of the newer one.
 */
async function readSettled<State, T>(folder: string, read: (head: Head<State>) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    let head: Head<State> | null = null;
    try {
      head = await readHead<State>(folder);
      return await read(head);
    } catch (error) {
      const isSame = head && isDeepStrictEqual(await readHead(folder).catch(() => null), head);
      if (isSame || attempt === READ_ATTEMPTS) throw error;
      await pause(10);
    }
  }
}

export interface LoadedCheckpoint<State> {
  readonly weights: ModelWeights;
  readonly state: State;
}

/**
 * Loads the weights; the caller disposes of them. `expected`, where given, is the shape that the config and the
 * prepared data ask for: a difference is an error that names it.
 */
export async function loadCheckpoint<State>(
  folder: string,
  expected: ModelShape | null,
): Promise<LoadedCheckpoint<State>> {
  return readSettled<State, LoadedCheckpoint<State>>(folder, async (head) => {
    if (expected) assertSameShape(folder, head.shape, expected);
    const file = await openFile(folder, WEIGHTS, head);
    const weights = emptyWeights(head.shape);
    try {
      await readVariables(file, allVariables(weights));
    } catch (error) {
      weights.dispose();
      throw error;
    } finally {
      await file.close();
    }
    return { weights, state: head.state };
  });
}

/** What a checkpoint says of itself, without its weights. */
export async function describeCheckpoint<State>(
  folder: string,
): Promise<{ readonly shape: ModelShape; readonly state: State; readonly weightBytes: number }> {
  return readSettled<State, { shape: ModelShape; state: State; weightBytes: number }>(
    folder,
    async ({ shape, state, files }) => ({ shape, state, weightBytes: files[WEIGHTS]!.bytes }),
  );
}

/** A checkpoint that is read in parts. */
export interface OpenCheckpoint<State> {
  readonly folder: string;
  readonly shape: ModelShape;
  readonly state: State;
  /** Of the file of the weights. */
  readonly sha256: string;
  readonly weights: SafetensorsFile;
  readonly slots: SafetensorsFile;
  close(): Promise<void>;
}

/** Its files are checked before anything is read from them. */
export async function openCheckpoint<State>(folder: string): Promise<OpenCheckpoint<State>> {
  return readSettled<State, OpenCheckpoint<State>>(folder, async (head) => {
    const weights = await openFile(folder, WEIGHTS, head);
    const slots = await openFile(folder, OPTIMIZER, head).catch(async (error) => {
      await weights.close();
      throw error;
    });
    const { shape, state } = head;
    return {
      folder,
      shape,
      state,
      sha256: head.files[WEIGHTS]!.sha256,
      weights,
      slots,
      async close() {
        await weights.close();
        await slots.close();
      },
    };
  });
}

/** Loads the slots of an optimiser into variables of the same names and shapes. */
export async function loadSlots(folder: string, slots: Slots): Promise<void> {
  const file = await openFile(folder, OPTIMIZER, await readHead(folder));
  try {
    await readVariables(file, slots);
  } finally {
    await file.close();
  }
}

/** The first place where two values differ, as a path and both values. */
function firstDifference(path: string, a: unknown, b: unknown): string | null {
  if (typeof a === 'object' && typeof b === 'object' && a !== null && b !== null) {
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      const [x, y] = [(a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]];
      const difference = firstDifference(path ? `${path}.${key}` : key, x, y);
      if (difference) return difference;
    }
    return null;
  }
  return a === b ? null : `${path} is ${JSON.stringify(a)} there, ${JSON.stringify(b)} here`;
}

/** Where the shapes of two models differ first, and how; null where they are the same. */
export const shapeDifference = (there: ModelShape, here: ModelShape): string | null =>
  firstDifference('', there, here);

/** @throws UserError that names the first difference of two shapes */
export function assertSameShape(folder: string, there: ModelShape, here: ModelShape): void {
  const difference = shapeDifference(there, here);
  if (difference) {
    throw new UserError(
      `Cannot load the checkpoint ${folder}: it was trained with another model or other prepared data (${difference})`,
    );
  }
}
