/** What a command may use of the terminal that it runs in. */
import type { LogLevel } from '../common/logger.js';
import type { Io } from './io.js';

export interface TerminalUse {
  /** The log is for people: stderr is a terminal. */
  readonly pretty: boolean;
  readonly colour: boolean;
  /** Bars of progress, which move the cursor; elsewhere progress is lines of the log. */
  readonly bars: boolean;
  /** Columns that tables may take; null where stdout is a file or a pipe, whose lines are never broken. */
  readonly width: number | null;
}

/** NO_COLOR (https://no-color.org) forbids colours and not bars, TERM=dumb both, the level `silent` bars. */
export function terminalUse({ stdout, stderr, env }: Omit<Io, 'stdin'>, level: LogLevel): TerminalUse {
  const pretty = stderr.isTTY === true;
  const controls = pretty && env.TERM !== 'dumb';
  return {
    pretty,
    colour: controls && !env.NO_COLOR,
    bars: controls && level !== 'silent',
    width: (stdout.isTTY === true && stdout.columns) || null,
  };
}
