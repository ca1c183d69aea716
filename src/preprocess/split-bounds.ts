/** The moments that divide the requests into training, validation and evaluation. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { rowsOf } from '../common/database.js';
import { UserError } from '../common/errors.js';
import { toEpochSeconds } from '../config/dates.js';
import { DEFAULT_VALIDATION_USERS } from '../config/normalise.js';
import type { Config } from '../config/schema.js';
import { localSeconds, zoneOffsets } from '../features/local-time.js';
import type { Inputs } from './items.js';
import type { SplitBounds } from './split-requests.js';

const US = 1_000_000n;
const DAY_SECONDS = 86_400;

export const microseconds = (date: string, timeZone: string): bigint =>
  BigInt(toEpochSeconds(date, timeZone)) * US;

/** The start of the local day that is `days` before the day of a moment, or after it where they are negative. */
function startOfDay(momentUs: bigint, days: number, timeZone: string): bigint {
  const seconds = Number(momentUs / US);
  const local = localSeconds(momentUs, zoneOffsets(timeZone, seconds, seconds));
  const day = (Math.floor(local / DAY_SECONDS) - days) * DAY_SECONDS;
  return microseconds(new Date(day * 1000).toISOString().slice(0, 10), timeZone);
}

/** The last moment that anything is asked at; of the log where a task has no table of samples, or none is a task. */
async function lastMoment(
  connection: DuckDBConnection,
  { tasks }: Config,
  { log, samples }: Inputs,
): Promise<bigint> {
  const asked = Object.keys(tasks).map((task) => samples[task]?.table ?? log.table);
  const from = (asked.length > 0 ? asked : [log.table])
    .map((table) => `SELECT max(time_us) AS last FROM ${table}`)
    .join(' UNION ALL ');
  const [row] = await rowsOf<[bigint | null]>(connection, `SELECT max(last) FROM (${from}) each_table`);
  const last = row?.[0] ?? null;
  if (last === null) throw new UserError('Cannot split the data: no sample is left after reading the tables');
  return last;
}

/** Until when the log is known: data.log.to, else the end of the local day of its last event. */
const logEnd = ({ data }: Config, lastEventUs: bigint): bigint =>
  data.log.to === undefined
    ? startOfDay(lastEventUs, -1, data.timeZone)
    : microseconds(data.log.to, data.timeZone);

/** Of an update that goes on from a moment: all of it is for training, but for the users that are drawn for validation. */
export function updateBounds(config: Config, fromUs: bigint, lastEventUs: bigint): SplitBounds {
  const toUs = logEnd(config, lastEventUs);
  return {
    trainingFromUs: null,
    evaluationFromUs: toUs,
    evaluationToUs: null,
    validationFromUs: null,
    logEndUs: toUs,
    validationUsers: config.split.validationUsers ?? DEFAULT_VALIDATION_USERS,
    updateFromUs: fromUs,
  };
}

export async function splitBounds(
  connection: DuckDBConnection,
  config: Config,
  inputs: Inputs,
  lastEventUs: bigint,
): Promise<SplitBounds> {
  const { split } = config;
  const { timeZone } = config.data;
  const moment = (date: string | undefined) => (date === undefined ? null : microseconds(date, timeZone));
  const evaluationFromUs =
    moment(split.evaluationFrom) ??
    startOfDay(await lastMoment(connection, config, inputs), (split.evaluationLastDays ?? 1) - 1, timeZone);
  return {
    trainingFromUs: moment(split.trainingFrom),
    evaluationFromUs,
    logEndUs: logEnd(config, lastEventUs),
    evaluationToUs: moment(split.evaluationTo),
    validationFromUs:
      split.validationLastDays === undefined
        ? null
        : startOfDay(evaluationFromUs - 1n, split.validationLastDays - 1, timeZone),
    validationUsers: split.validationUsers ?? null,
    updateFromUs: null,
  };
}
