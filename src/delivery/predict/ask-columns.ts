/** Which columns of a row say what, by the names that the config gives them in the samples of a task, the log and the tables. */
import { UserError } from '../../common/errors.js';
import { suggest } from '../../common/suggest.js';
import type { Config, SampleSource, TimeColumn } from '../../config/schema.js';
import type { ModelShape } from '../../model/shape.js';
import { type CellColumns, cellColumns } from '../cells.js';

export interface AskColumns extends CellColumns {
  readonly task: string;
  readonly request: string | undefined;
  readonly user: string;
  readonly time: TimeColumn;
  /** Of the candidate's id; null for a task about the user alone. */
  readonly candidate: string | null;
  /** The features that have to be given. */
  readonly features: readonly string[];
  /** Of an event of a history. */
  readonly log: { readonly item: string; readonly time: TimeColumn };
}

/** @throws UserError when the model has no such task, or several and none is named */
export function askColumns(config: Config, shape: ModelShape, named: string | undefined): AskColumns {
  const known = Object.keys(shape.tasks);
  const task = named ?? (known.length === 1 ? known[0]! : undefined);
  if (task === undefined || !shape.tasks[task]) {
    const got = named === undefined ? 'none' : `${named}${suggest(named, known)}`;
    throw new UserError(
      `Cannot predict: expected a task of the model (--task ${known.join(', ')}), got ${got}`,
    );
  }
  const settings = config.tasks[task]!;
  const { request, user, time, candidate }: SampleSource = settings.samples;
  const { item, time: logTime } = config.data.log;
  return {
    task,
    request,
    user,
    time,
    candidate: settings.kind === 'multiclass' ? null : candidate!,
    // The first is the constant.
    features: shape.tasks[task]!.features.slice(1).map(({ name }) => name),
    log: { item, time: logTime },
    ...cellColumns(config),
  };
}

/** What a row may bring instead of columns. */
const BRINGS = { history: 'history', candidates: 'candidates' } as const;

/** @throws UserError when a table lacks columns that every row needs */
export function requireColumns(columns: readonly string[], asked: AskColumns, source: string): void {
  const bringsCandidates = asked.candidate === null || columns.includes(BRINGS.candidates);
  const needed = [
    ...(columns.includes(BRINGS.history) ? [] : [asked.user]),
    ...asked.time.columns,
    ...(bringsCandidates ? [] : [asked.candidate!]),
  ];
  const missing = needed.filter((column) => !columns.includes(column));
  if (missing.length > 0) {
    const hints = missing.map((column) => `${column}${suggest(column, columns)}`);
    throw new UserError(
      `Cannot predict ${asked.task} of ${source}: required the column ${hints.join(', ')}, got ${columns.join(', ')}`,
    );
  }
  const features = bringsCandidates ? [] : asked.features.filter((name) => !columns.includes(name));
  if (features.length > 0) {
    throw new UserError(
      `Cannot predict ${asked.task} of ${source}: it reads features that have to be given, as they are before they are ` +
        `normalised (docs/serving.md); required columns ${features.join(', ')}, got none. A cell may be empty`,
    );
  }
}
