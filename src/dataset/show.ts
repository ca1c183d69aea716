/**
 * One user's sequence as the model sees it: the window before a moment, with the rows of the embedding tables that
 * each behaviour reads and what these rows stand for.
 */
import { UserError } from '../common/errors.js';
import { type Names, openNames } from './names.js';
import { openPrepared, type PreparedData } from './prepared.js';
import { type ShownEvent, showWindow } from './show-window.js';
import { describer, indexesOf, type ShownValue } from './shown-value.js';
import { countEvents, findEvents } from './user-streams.js';

export interface ShownUser {
  readonly userId: string;
  /** Index of the user in the prepared data. */
  readonly user: number;
  /** The window holds events strictly before this, in seconds since 1970. */
  readonly at: number;
  /** Events of the user before `at`, of which the window is the latest. */
  readonly events: number;
  readonly window: readonly ShownEvent[];
  /** User fields are known at requests: those of the user's latest request not after `at`, if there is one. */
  readonly profile: {
    readonly time: number;
    readonly fields: Readonly<Record<string, ShownValue>>;
    /** The words of that request's query, where the prepared data has queries. */
    readonly query?: readonly ShownValue[];
  } | null;
}

export interface ShowOptions {
  readonly folder: string;
  readonly userId: string;
  /** Seconds since 1970; by default the end of the log. */
  readonly at?: number;
  readonly maxEvents: number;
}

/** @throws UserError when the folder is no prepared data, or has no such user */
export async function showUser({ folder, userId, at, maxEvents }: ShowOptions): Promise<ShownUser> {
  const prepared = openPrepared(folder);
  const names = await openNames(folder);
  try {
    const user = await names.userIndex(userId);
    if (user === undefined) {
      throw new UserError(`Cannot show user ${userId}: a user of ${folder}, got an id that is not in it`);
    }
    const moment = at ?? endOfLog(prepared);
    const events = eventsBefore(prepared, user, moment);
    return {
      userId,
      user,
      at: moment,
      events,
      window: await showWindow(prepared, names, user, events, maxEvents, moment),
      profile: await showProfile(prepared, names, user, moment),
    };
  } finally {
    names.close();
    prepared.close();
  }
}

/** The first whole second after the last event. */
function endOfLog({ manifest: { lastEvent } }: PreparedData): number {
  return lastEvent === null ? 0 : Math.floor(Date.parse(lastEvent) / 1000) + 1;
}

/** How many events of a user are strictly before a moment. */
function eventsBefore({ segments }: PreparedData, user: number, at: number): number {
  let count = 0;
  for (const { segment, start, end } of findEvents(segments, user, 0, countEvents(segments, user))) {
    for (const time of segment.times.read(start, end)) {
      if (time >= at) return count;
      count++;
    }
  }
  return count;
}

async function showProfile(
  prepared: PreparedData,
  names: Names,
  user: number,
  at: number,
): Promise<ShownUser['profile']> {
  const { fields, time } = prepared.requests;
  const request = latestRequest(prepared, user, at);
  if (request === null) return null;
  const shown: Record<string, ShownValue> = {};
  for (const field of prepared.manifest.fields.user) {
    const index = fields[field.name]!.at(request);
    const show = await describer(names, 'user', field, [index]);
    shown[field.name] = show(index);
  }
  const { query } = prepared.manifest.fields;
  if (!query) return { time: time.at(request), fields: shown };
  const words = indexesOf(prepared.requests.query!, request);
  const show = await describer(names, 'query', query, words);
  return { time: time.at(request), fields: shown, query: words.map(show) };
}

/** Requests are in order of split and time, so all are looked at. */
function latestRequest({ requests }: PreparedData, user: number, at: number): number | null {
  const block = 2 ** 20;
  let latest: number | null = null;
  let latestTime = Number.NEGATIVE_INFINITY;
  for (let start = 0; start < requests.user.length; start += block) {
    const users = requests.user.read(start, Math.min(start + block, requests.user.length));
    for (let i = users.indexOf(user); i >= 0; i = users.indexOf(user, i + 1)) {
      const time = requests.time.at(start + i);
      if (time > at || time < latestTime) continue;
      latest = start + i;
      latestTime = time;
    }
  }
  return latest;
}
