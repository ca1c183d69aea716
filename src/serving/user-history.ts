/** What a model reads of a user: events of the prepared data, then those that were appended, and the user fields that follow from both. */
import { MISSING_INDEX } from '../common/prepared.js';
import { type CellColumns, Unfit } from '../delivery/cells.js';
import type { EncodingModel } from '../delivery/open-model.js';
import type { PreparedHistories } from '../delivery/predict/prepared-histories.js';
import type { RawEvent } from '../delivery/raw-request.js';
import type { Appended } from './appended-events.js';
import { type EncodedHistory, keptHistory } from './encoded-history.js';
import { type GivenEvent, rawEvent } from './given-event.js';

const US_PER_SECOND = 1_000_000;

/** Prepared data as far as users go. */
export interface PreparedUsers {
  /** User id -> index. */
  readonly indexes: ReadonlyMap<string, number>;
  readonly histories: Pick<PreparedHistories, 'countBefore' | 'read'>;
  /** The second of the latest event of all: appended events that are no later are in the data already. */
  readonly lastSecond: number;
}

/** Microseconds since 1970: requests after that moment all read the same of a user, whatever their time. */
export function settledAfterUs(prepared: PreparedUsers | null, { events }: Appended): number {
  const endOfData = prepared ? (prepared.lastSecond + 1) * US_PER_SECOND - 1 : -1;
  return Math.max(endOfData, events.at(-1)?.timeUs ?? -1);
}

/** Of the events before a moment. */
export function userHistory(
  { encoder, weights }: EncodingModel,
  columns: CellColumns,
  prepared: PreparedUsers | null,
  { user, appended, timeUs }: { readonly user: string; readonly appended: Appended; readonly timeUs: number },
): EncodedHistory {
  const { maxEvents } = weights.shape;
  const added = appended.events.filter((event) => event.timeUs < timeUs && isNew(event, prepared));
  const raw = latestReadable(added, columns, maxEvents);
  const latest = raw.at(-1);
  const known = prepared && knownOf(prepared, user, timeUs, maxEvents);
  const users = encoder.users({
    values: {},
    profile: (field) => known?.profile(field) ?? MISSING_INDEX,
    last: (field) => (latest ? encoder.userRow(field, latest.values) : (known?.last(field) ?? MISSING_INDEX)),
  });
  return keptHistory([...(known?.events ?? []), ...raw.map(encoder.event)].slice(-maxEvents), users);
}

/** Events that were appended while an earlier bundle was in use may have cells that this one cannot read: they are left out. */
function latestReadable(events: readonly GivenEvent[], columns: CellColumns, most: number): RawEvent[] {
  const read: RawEvent[] = [];
  for (let at = events.length - 1; at >= 0 && read.length < most; at--) {
    try {
      read.push(rawEvent(events[at]!, columns));
    } catch (error) {
      if (!(error instanceof Unfit)) throw error;
    }
  }
  return read.reverse();
}

const isNew = ({ timeUs }: GivenEvent, prepared: PreparedUsers | null): boolean =>
  !prepared || Math.floor(timeUs / US_PER_SECOND) > prepared.lastSecond;

function knownOf({ indexes, histories }: PreparedUsers, user: string, timeUs: number, maxEvents: number) {
  const index = indexes.get(user);
  if (index === undefined) return null;
  const end = histories.countBefore(index, Math.floor(timeUs / US_PER_SECOND));
  return histories.read(index, end, maxEvents);
}
