/** Which part of the split a request lies in, and which samples lie outside of it or of an update. */
import { quoteLiteral } from '../common/sql.js';
import { hash32Sql } from '../features/hash32.js';

/** The bounds of the split in microseconds since 1970; null where there is none. */
export interface SplitBounds {
  readonly trainingFromUs: bigint | null;
  readonly evaluationFromUs: bigint;
  readonly evaluationToUs: bigint | null;
  /** Validation by days: training requests from this on; null where users are drawn. */
  readonly validationFromUs: bigint | null;
  /** Until when the log is known: data.log.to, else the end of the local day of its last event. */
  readonly logEndUs: bigint;
  /** Validation by users: this share of them; null where days decide. */
  readonly validationUsers: number | null;
  /** In an update, until when earlier preparations know the log; null otherwise. */
  readonly updateFromUs: bigint | null;
}

/** Rows are counted under this whose label is decided by what lies beyond the part of their request. */
export const PAST_PERIOD = 'the label reaches past its period';

const UNDECIDED = 'no event decides the label';

/** In an update: of samples that came with an earlier preparation, and of those that come with a later one. */
const BEFORE_UPDATE = 'of an earlier preparation';
const AFTER_UPDATE = 'after the log';

/** 0 training, 1 validation, 2 evaluation. */
export function splitSql(bounds: SplitBounds): string {
  const { evaluationFromUs, validationFromUs, validationUsers } = bounds;
  const isValidation =
    validationFromUs !== null
      ? `time_us >= ${validationFromUs}`
      : validationUsers !== null
        ? `${hash32Sql("'validation:' || user_id")} < ${Math.round(validationUsers * 2 ** 32)}`
        : 'false';
  return `CASE WHEN time_us >= ${evaluationFromUs} THEN 2 WHEN ${isValidation} THEN 1 ELSE 0 END`;
}

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/**
 * The key under which a sample outside of the split is counted, NULL for one inside. A derived label is outside when
 * what decides it reaches beyond the part of its request: into the next one, or past the end of the log.
 */
export function filteredSql(bounds: SplitBounds, trainFromUs: bigint | null, derived: boolean): string {
  const { trainingFromUs, evaluationFromUs, evaluationToUs, validationFromUs, logEndUs, updateFromUs } =
    bounds;
  if (updateFromUs !== null) return filteredInUpdateSql(updateFromUs, logEndUs, trainFromUs, derived);
  const knownUntilUs = least(logEndUs, evaluationToUs ?? logEndUs);
  const ends = [
    `WHEN time_us >= ${evaluationFromUs} THEN ${knownUntilUs}`,
    ...(validationFromUs === null
      ? []
      : [`WHEN time_us < ${validationFromUs} THEN ${least(validationFromUs, knownUntilUs)}`]),
  ];
  const end = `CASE ${ends.join(' ')} ELSE ${least(evaluationFromUs, knownUntilUs)} END`;
  const cases = [
    ...(trainingFromUs === null ? [] : [`WHEN time_us < ${trainingFromUs} THEN 'split.trainingFrom'`]),
    ...(evaluationToUs === null ? [] : [`WHEN time_us >= ${evaluationToUs} THEN 'split.evaluationTo'`]),
    ...(trainFromUs === null
      ? []
      : [`WHEN time_us < ${evaluationFromUs} AND time_us < ${trainFromUs} THEN 'trainFrom'`]),
    ...(derived
      ? [
          `WHEN s.label IS NULL THEN ${quoteLiteral(UNDECIDED)}`,
          `WHEN s.until_us > ${end} THEN ${quoteLiteral(PAST_PERIOD)}`,
        ]
      : []),
  ];
  return cases.length > 0 ? `CASE ${cases.join(' ')} END` : 'NULL';
}

/** A sample belongs to the update [fromUs, toUs) that its request lies in; one with a derived label to the one that decides it. */
function filteredInUpdateSql(
  fromUs: bigint,
  toUs: bigint,
  trainFromUs: bigint | null,
  derived: boolean,
): string {
  const [before, after] = derived
    ? [`s.until_us <= ${fromUs}`, `s.until_us > ${toUs}`]
    : [`time_us < ${fromUs}`, `time_us >= ${toUs}`];
  const cases = [
    `WHEN ${before} THEN ${quoteLiteral(BEFORE_UPDATE)}`,
    `WHEN ${after} THEN ${quoteLiteral(derived ? PAST_PERIOD : AFTER_UPDATE)}`,
    ...(trainFromUs === null ? [] : [`WHEN time_us < ${trainFromUs} THEN 'trainFrom'`]),
    ...(derived ? [`WHEN s.label IS NULL THEN ${quoteLiteral(UNDECIDED)}`] : []),
  ];
  return `CASE ${cases.join(' ')} END`;
}
