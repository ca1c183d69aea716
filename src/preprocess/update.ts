/** What an update adds to a prepared folder: the days of the log from where the folder ends. */
import { copyFile, link, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UserError } from '../common/errors.js';
import { type FieldManifest, type Manifest, PREPARED_FORMAT } from '../common/prepared.js';
import { readManifest } from '../common/read-manifest.js';
import { describeDifference, preparedSlice } from '../config/prepared-slice.js';
import type { Config } from '../config/schema.js';
import { updateSlice } from '../config/update-slice.js';
import type { Carried } from './carried.js';
import type { InputFile } from './read/input-files.js';
import type { TableReader } from './read/table-reader.js';
import type { CoveredPeriod } from './read/table-spec.js';
import { damagedFiles, isSameFile } from './reuse.js';
import { microseconds } from './split-bounds.js';

export interface Update {
  /** The folder as it was. */
  readonly carried: Carried;
  /** Where it ends: the update covers what follows. */
  readonly fromUs: bigint;
}

/** The files of the log that may hold new events, and what is known of their rows. */
export interface LogUpdate {
  readonly files: readonly InputFile[];
  readonly covered: CoveredPeriod;
}

/**
 * Null where there is no prepared folder yet.
 * @throws UserError where the folder can't be updated, or not with these settings
 */
export async function openUpdate(config: Config, folder: string): Promise<Update | null> {
  const manifest = readManifest(folder);
  if (!manifest) return null;
  const { format, keptLog, coveredTo } = manifest;
  const afresh = 'prepare it once by `dupn preprocess --update --force` with the same config';
  const refuse = (text: string) => new UserError(`Cannot update ${folder}: ${text}`);
  if (format !== PREPARED_FORMAT) {
    throw refuse(`expected prepared data of format ${PREPARED_FORMAT}, got ${format}; ${afresh}`);
  }
  if (!keptLog || coveredTo === undefined) {
    throw refuse(`it was prepared without keeping the log that an update goes on from; ${afresh}`);
  }
  const differences = describeDifference(updateSlice(manifest.config), updateSlice(preparedSlice(config)));
  if (differences.length > 0) {
    throw refuse(
      `it was prepared with other settings; only files, data.log.to and split may change\n  ${differences.join('\n  ')}`,
    );
  }
  const fromUs = BigInt(Date.parse(coveredTo)) * 1000n;
  const { to } = config.data.log;
  if (to !== undefined && microseconds(to, config.data.timeZone) < fromUs) {
    throw refuse(`required a data.log.to from ${coveredTo} on, up to where it is prepared, got ${to}`);
  }
  const damaged = await damagedFiles(folder, manifest);
  if (damaged.length > 0) {
    throw refuse(`files of it are missing or have changed: ${damaged.join(', ')}; ${afresh}`);
  }
  const vocabularies = manifest.carried?.vocabularies ?? 'grow';
  return { carried: { folder, manifest, vocabularies, isUpdate: true }, fromUs };
}

/** The files that may hold new events; null where there are none. */
export async function findLogUpdate(
  reader: TableReader,
  config: Config,
  { carried: { manifest }, fromUs }: Update,
): Promise<LogUpdate | null> {
  const { root, log } = config.data;
  const known = new Map(manifest.inputs.map((input) => [input.path, input]));
  const all = await reader.find('log', log.files, root);
  // What an earlier data.log.to cut off stands in files that were read.
  const { to } = (manifest.config as Pick<Config, 'data'>).data.log;
  const files: InputFile[] = [];
  for (const file of all) {
    const before = known.get(file.shownPath);
    const isRead = before !== undefined && isSameFile(before, file);
    if (!isRead || (to !== undefined && to !== log.to)) files.push(file);
  }
  return files.length === 0 ? null : { files, covered: { untilUs: fromUs, files: new Set(known.keys()) } };
}

/** The files of the earlier segments, which are never written again, in both folders; returns them as the manifest describes them. */
export async function linkSegments(
  { folder, manifest }: Carried,
  target: string,
): Promise<Manifest['files']> {
  // User fields are written anew, as their vocabularies may have grown.
  const linked = Object.entries(manifest.files).filter(([path]) =>
    manifest.segments.some(
      (segment) => path.startsWith(`streams/${segment}/`) && !path.startsWith(`streams/${segment}/user-`),
    ),
  );
  for (const [path] of linked) {
    const [from, to] = [join(folder, path), join(target, path)];
    await mkdir(dirname(to), { recursive: true });
    // A file system may have no hard links.
    await link(from, to).catch(() => copyFile(from, to));
  }
  return Object.fromEntries(linked);
}

/** Earlier inputs that were not read again, and those that were. */
export function unionOfInputs(before: Manifest['inputs'], read: Manifest['inputs']): Manifest['inputs'] {
  return [...new Map([...before, ...read].map((input) => [input.path, input])).values()];
}

export interface UpdateSummary {
  /** The time that it covers, as ISO 8601 in UTC. */
  readonly from: string;
  readonly to: string;
  /** How many were added. */
  readonly events: number;
  readonly users: number;
  readonly items: number;
  /** `<group>/<field>` -> rows that its vocabulary has grown by, of those that have. */
  readonly grown: Readonly<Record<string, number>>;
}

export function summariseUpdate(before: Manifest, after: Manifest): UpdateSummary {
  const rows = rowsByField(before);
  const grown = Object.entries(rowsByField(after)).flatMap(([name, now]) => {
    const added = now - (rows[name] ?? now);
    return added > 0 ? [[name, added] as const] : [];
  });
  return {
    from: before.coveredTo!,
    to: after.coveredTo!,
    events: after.events - before.events,
    users: after.users - before.users,
    items: after.items - before.items,
    grown: Object.fromEntries(grown),
  };
}

function rowsByField({ fields, entities }: Manifest): Record<string, number> {
  const groups: Record<string, readonly (FieldManifest & { readonly shares?: string })[]> = {
    item: fields.item,
    properties: fields.properties,
    user: fields.user,
    query: fields.query ? [fields.query] : [],
  };
  for (const [entity, described] of Object.entries(entities)) groups[entity] = described.fields;
  return Object.fromEntries(
    Object.entries(groups).flatMap(([group, all]) =>
      all.flatMap(({ name, rows, shares }) => (shares === undefined ? [[`${group}/${name}`, rows]] : [])),
    ),
  ) as Record<string, number>;
}
