/** What every long function is handed beside its inputs: where to log, and where to show how far it is. */

/** The part of a pino logger that functions use: an object of fields, then a message. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface ProgressBar {
  /** `done` of the total that the bar was started with; `fields` are shown beside it (loss, samples/s). */
  update(done: number, fields?: Readonly<Record<string, string | number>>): void;
  stop(): void;
}

export interface Progress {
  /** `total` 0 means that the end is not known. */
  start(title: string, total: number): ProgressBar;
}

export interface Context {
  readonly logger: Logger;
  readonly progress: Progress;
}

/** Nowhere to log, nothing to show: for callers that only want the result. */
export const silentContext: Context = {
  logger: { debug() {}, info() {}, warn() {}, error() {} },
  progress: { start: () => ({ update() {}, stop() {} }) },
};
