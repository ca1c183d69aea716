/**
 * A checkpoint folder: weights.safetensors, optimizer.safetensors and checkpoint.json, which names the model's shape,
 * where training stood, and the checksums of all three. It appears whole or not at all. Processes that share the rows of the tables
 * write theirs to files of their own (tables-2-of-4.safetensors, table-slots-2-of-4.safetensors); any number of processes reads them.
 */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { messageOf, UserError } from '../common/errors.js';
import { newFolder, replaceFolder } from '../common/files.js';
import { readSealedJson, writeSealedJson } from '../common/sealed-json.js';
import { type RowPart, WHOLE } from '../engine/row-part.js';
import { joinFiles } from './joined-file.js';
import { accumulatorName, tableSpecs } from './parameters.js';
import {
  openSafetensors,
  readVariables,
  type SafetensorsFile,
  type StoredRows,
  writeSafetensors,
} from './safetensors.js';
import type { ModelShape } from './shape.js';
import { allVariables, emptyWeights, type ModelWeights } from './weights.js';

const CHECKPOINT_FORMAT = 4;
const WEIGHTS = 'weights.safetensors';
const OPTIMIZER = 'optimizer.safetensors';
export const CHECKPOINT_HEAD = 'checkpoint.json';

type Variables = ReadonlyMap<string, StoredRows>;

/** The part of tables and of their slots that another process holds. */
export interface HeldElsewhere {
  readonly part: RowPart;
  readonly tables: Variables;
  readonly slots: Variables;
}

/** File -> what was written. */
export type CheckpointFiles = Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;

/** What checkpoint.json holds; `State` is what training needs to go on. */
interface Head<State> {
  readonly format: number;
  readonly shape: ModelShape;
  readonly state: State;
  readonly files: CheckpointFiles;
  /** Where tables, and the slots of tables, are spread over files: over how many, and their whole shapes. */
  readonly parts?: { readonly of: number; readonly shapes: Readonly<Record<string, readonly number[]>> };
}

/** File -> the file that a part of its tables is in. */
const partFile = (file: string, { index, of }: RowPart) =>
  `${file === WEIGHTS ? 'tables' : 'table-slots'}-${index + 1}-of-${of}.safetensors`;

/** How several processes write one checkpoint. */
export interface WritingTogether {
  /** Resolves when the work of all is done. */
  during<T>(work: Promise<T>): Promise<T>;
  /** What each has written. */
  gather(files: CheckpointFiles): Promise<readonly CheckpointFiles[]>;
}

/**
 * Writes the folder, in the place of an older one. With `together`, all processes call it, each with its part of the tables; the first one
 * puts the folder in place, and has done so when it returns. Parts that are held elsewhere are written by who calls it.
 */
export async function saveCheckpoint<State>(
  folder: string,
  weights: ModelWeights,
  slots: Variables,
  state: State,
  { together, elsewhere = [] }: { together?: WritingTogether; elsewhere?: readonly HeldElsewhere[] } = {},
): Promise<void> {
  const variables = { [WEIGHTS]: allVariables(weights), [OPTIMIZER]: slots };
  const spread = new Map(
    Object.values(variables).flatMap((all) => [...all].filter(([, { part }]) => part.of > 1)),
  );
  const [first] = spread.values();
  const part = first?.part ?? WHOLE;
  const of = elsewhere.length > 0 ? elsewhere.length : part.of;
  const partShapes = elsewhere.flatMap(({ tables, slots }) => [...tables, ...slots]);
  const write = async (temporary: string) => {
    const files: Record<string, CheckpointFiles[string]> = {};
    for (const [file, all] of Object.entries(variables)) {
      const put = async (name: string, some: Variables) => {
        files[name] = await writeSafetensors(join(temporary, name), some);
      };
      if (part.index === 0) await put(file, without(all, spread));
      if (part.of > 1)
        await put(partFile(file, part), new Map([...all].filter(([name]) => spread.has(name))));
      for (const { part, tables, slots } of elsewhere) {
        await put(partFile(file, part), file === WEIGHTS ? tables : slots);
      }
    }
    return files;
  };
  if (part.index > 0) {
    await together!.during(Promise.resolve());
    await together!.gather(await together!.during(write(newFolder(folder))));
    return;
  }
  await replaceFolder(folder, async (temporary) => {
    await together?.during(Promise.resolve());
    const own = await (together?.during(write(temporary)) ?? write(temporary));
    const all = (await together?.gather(own)) ?? [own];
    const shapes = Object.fromEntries([...spread, ...partShapes].map(([name, { whole }]) => [name, whole]));
    const head: Head<State> = {
      format: CHECKPOINT_FORMAT,
      shape: weights.shape,
      state,
      files: Object.assign({}, ...all),
      ...((part.of > 1 || elsewhere.length > 0) && { parts: { of, shapes } }),
    };
    await writeSealedJson(join(temporary, CHECKPOINT_HEAD), head);
  });
}

const without = (all: Variables, some: Variables): Variables =>
  new Map([...all].filter(([name]) => !some.has(name)));

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

/** Open, and checked: what is read from it is of this head, whatever takes its place meanwhile. With the tables, wherever they are. */
async function openFile(folder: string, name: string, head: Head<unknown>): Promise<SafetensorsFile> {
  const { parts } = head;
  if (!parts) return openOne(folder, name, head);
  const files: SafetensorsFile[] = [];
  try {
    files.push(await openOne(folder, name, head));
    for (let index = 0; index < parts.of; index++) {
      files.push(await openOne(folder, partFile(name, { index, of: parts.of }), head));
    }
  } catch (error) {
    for (const file of files) await file.close();
    throw error;
  }
  const [first, ...rest] = files;
  const shapes = Object.entries(parts.shapes).filter(([table]) => rest[0]!.shapes.has(table));
  return joinFiles(first!, rest, new Map(shapes));
}

async function openOne(folder: string, name: string, head: Head<unknown>): Promise<SafetensorsFile> {
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
 * prepared data ask for: a difference is an error that names it. `part` is what of the tables is loaded.
 */
export async function loadCheckpoint<State>(
  folder: string,
  expected: ModelShape | null,
  part: RowPart | null = WHOLE,
): Promise<LoadedCheckpoint<State>> {
  return readSettled<State, LoadedCheckpoint<State>>(folder, async (head) => {
    if (expected) assertSameShape(folder, head.shape, expected);
    const file = await openFile(folder, WEIGHTS, head);
    const weights = emptyWeights(head.shape, part);
    try {
      await readVariables(part ? file : withoutTables(file, head.shape), allVariables(weights));
    } catch (error) {
      weights.dispose();
      throw error;
    } finally {
      await file.close();
    }
    return { weights, state: head.state };
  });
}

/** The same file without what it has of tables and their slots. */
function withoutTables(file: SafetensorsFile, shape: ModelShape): SafetensorsFile {
  const tables = new Set(tableSpecs(shape).flatMap(({ name }) => [name, accumulatorName(name)]));
  return { ...file, shapes: new Map([...file.shapes].filter(([name]) => !tables.has(name))) };
}

/** What a checkpoint says of itself, without its weights. */
export async function describeCheckpoint<State>(
  folder: string,
): Promise<{ readonly shape: ModelShape; readonly state: State; readonly weightBytes: number }> {
  return readSettled<State, { shape: ModelShape; state: State; weightBytes: number }>(
    folder,
    async ({ shape, state, files }) => ({ shape, state, weightBytes: bytesOf(files) }),
  );
}

/** Of the weights, in one file or more. */
const bytesOf = (files: CheckpointFiles): number =>
  Object.entries(files)
    .filter(([name]) => name === WEIGHTS || name.startsWith('tables-'))
    .reduce((sum, [, { bytes }]) => sum + bytes, 0);

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
      sha256: head.parts ? await weights.sha256() : head.files[WEIGHTS]!.sha256,
      weights,
      slots,
      async close() {
        await weights.close();
        await slots.close();
      },
    };
  });
}

/** Loads the slots of an optimiser into variables of the same names and shapes; without a part, but for those of tables. */
export async function loadSlots(
  folder: string,
  slots: Variables,
  part: RowPart | null = WHOLE,
): Promise<void> {
  const head = await readHead(folder);
  const file = await openFile(folder, OPTIMIZER, head);
  try {
    await readVariables(part ? file : withoutTables(file, head.shape), slots);
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
