/** What an evaluation is over: of a first preparation its evaluation part, of an update all that came with it. */
import type { Manifest, Split } from '../common/prepared.js';
import { openPrepared, type PreparedData, splitRange } from '../dataset/prepared.js';
import { numberUsers, type UserNumbers } from './user-numbers.js';

/** Larger arrays are read a piece at a time. */
const LOAD_BELOW_BYTES = 16 * 2 ** 20;

/** A prepared folder for an evaluation, in little memory. */
export const openMeasured = (folder: string): PreparedData =>
  openPrepared(folder, { loadBelowBytes: LOAD_BELOW_BYTES });

export type Range = readonly [start: number, end: number];

/** An update is measured before it is learned, and has no evaluation part. */
export function measuredParts({ updateFrom }: Pick<Manifest, 'updateFrom'>): readonly Split[] {
  return updateFrom ? ['training', 'validation'] : ['evaluation'];
}

/** Their requests, which lie one after the other. */
export function measuredRequests(manifest: Manifest): Range {
  const ranges = measuredParts(manifest).map((part) => splitRange(manifest, part));
  return [ranges[0]![0], ranges.at(-1)![1]];
}

/** The samples of a task that belong to some requests. */
export function samplesOf({ tasks }: PreparedData, task: string, [start, end]: Range): Range {
  const { offsets } = tasks[task]!;
  return [offsets.at(start), offsets.at(end)];
}

/** The users of the task's samples; 4 bytes for each request, and for each user of the log. */
export function usersOf(prepared: PreparedData, task: string, [start, end]: Range): UserNumbers {
  const offsets = prepared.tasks[task]!.offsets.read(start, end + 1);
  const hasSample = new Uint8Array(end - start);
  for (let at = 0; at < hasSample.length; at++) hasSample[at] = offsets[at]! < offsets[at + 1]! ? 1 : 0;
  return numberUsers(start, prepared.requests.user.read(start, end), hasSample);
}

/** Requests with a sample of one of the tasks. */
export function countRequests(prepared: PreparedData, tasks: readonly string[], [start, end]: Range): number {
  const hasSample = new Uint8Array(end - start);
  for (const task of tasks) {
    const offsets = prepared.tasks[task]!.offsets.read(start, end + 1);
    for (let at = 0; at < hasSample.length; at++) if (offsets[at]! < offsets[at + 1]!) hasSample[at] = 1;
  }
  return hasSample.reduce((sum, has) => sum + has, 0);
}
