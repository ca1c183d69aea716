/** What prepared data knows of users at a moment: their latest events, their profiles, what is read off their latest event. */
import { join } from 'node:path';
import { type DuckDBConnection, LIST, listValue, VARCHAR } from '@duckdb/node-api';
import { UserError } from '../../common/errors.js';
import { MISSING_INDEX, preparedPaths } from '../../common/prepared.js';
import type { Config } from '../../config/schema.js';
import type { PreparedData } from '../../dataset/prepared.js';
import { RawArray } from '../../dataset/raw-array.js';
import { findEvents } from '../../dataset/user-streams.js';
import type { Catalogue } from '../catalogue.js';
import { parquetSql } from '../database.js';
import type { EncodedEvent } from '../encoded.js';
import type { KnownOfUser } from '../encoder.js';

export interface KnownHistory extends Pick<KnownOfUser, 'profile' | 'last'> {
  readonly events: readonly EncodedEvent[];
}

export interface PreparedHistories {
  /** User id -> index, of those that the data has. */
  find(ids: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** How many events of a user lie in seconds before that of the moment (seconds since 1970). */
  countBefore(user: number, seconds: number): number;
  /** The latest `maxEvents` of the first `end` events of a user. */
  read(user: number, end: number, maxEvents: number): KnownHistory;
  close(): void;
}

/** @throws UserError when the data was prepared before user fields were kept for moments without a request */
export function openHistories(
  connection: DuckDBConnection,
  { features }: Config,
  prepared: PreparedData,
  items: Catalogue,
): PreparedHistories {
  const { folder, manifest, segments } = prepared;
  const opened: RawArray<'i32'>[] = [];
  const open = (path: string) => {
    if (!manifest.files[path]) {
      throw new UserError(
        `Cannot read users in ${folder}: expected ${path}, got prepared data of an earlier version; run dupn preprocess --force`,
      );
    }
    const array = new RawArray(join(folder, path), 'i32');
    opened.push(array);
    return array;
  };
  const fields = Object.entries(features.user);
  const profiles = fields.map(([name, { from }]) =>
    from === 'users' ? open(preparedPaths.profileField(name)) : null,
  );
  const lasts = fields.map(([name, { from }]) =>
    from === 'lastEvent'
      ? manifest.segments.map((segment) => open(preparedPaths.streamUserField(segment, name)))
      : null,
  );
  return {
    async find(ids) {
      const reader = await connection.runAndReadAll(
        `SELECT user_id, "user"::INTEGER FROM ${parquetSql(join(folder, preparedPaths.users))}
         WHERE user_id IN (SELECT unnest($1))`,
        [listValue([...new Set(ids)])],
        [LIST(VARCHAR)],
      );
      return new Map(reader.getRows() as unknown as [string, number][]);
    },
    countBefore(user, seconds) {
      let count = 0;
      for (const { offsets, times } of segments) {
        if (user + 1 >= offsets.length) continue;
        const [start, end] = offsets.read(user, user + 2);
        const own = times.read(start!, end!);
        let [low, high] = [0, own.length];
        while (low < high) {
          const middle = (low + high) >> 1;
          if (own[middle]! < seconds) low = middle + 1;
          else high = middle;
        }
        count += low;
      }
      return count;
    },
    read(user, end, maxEvents) {
      const events: EncodedEvent[] = [];
      let latest: readonly [segment: number, event: number] | null = null;
      for (const piece of findEvents(segments, user, Math.max(0, end - maxEvents), end)) {
        const codes = piece.segment.properties.read(piece.start, piece.end);
        for (const [at, row] of piece.segment.items.read(piece.start, piece.end).entries()) {
          events.push({ item: items.encoded(row), code: codes[at]! });
        }
        latest = [segments.indexOf(piece.segment), piece.end - 1];
      }
      return {
        events,
        profile: (field) => profiles[field]!.at(user),
        last: (field) => (latest ? lasts[field]![latest[0]]!.at(latest[1]) : MISSING_INDEX),
      };
    },
    close() {
      for (const array of opened) array.close();
    },
  };
}
