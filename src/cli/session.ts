/** What every command shares: its options, its logger and progress, and how it reports its result. */
import type { Command } from 'commander';
import type { Context } from '../common/context.js';
import { UserError } from '../common/errors.js';
import type { LogLevel } from '../common/logger.js';
import { printableLines } from '../common/printable.js';
import type { Config } from '../config/schema.js';
import type { Io } from './io.js';
import { terminalUse } from './terminal-use.js';

export interface SharedOptions {
  readonly logLevel: LogLevel;
  readonly json?: true;
  readonly force?: true;
}

export interface ConfigOptions extends SharedOptions {
  readonly config: string;
  readonly set?: readonly string[];
}

/** The same result twice: for programs and for people. */
export interface Report {
  readonly json: object;
  /** Lines, without the last line's end. */
  readonly text: string;
  /** The result is printed, but what it says is wrong is an error all the same. */
  readonly failure?: string;
}

export interface Session {
  readonly context: Context;
  /** Every line of the log, from now on, also goes to the file; what it returns ends that. */
  copyLogTo(file: string): () => void;
  /** Columns that tables may take; null for any number. */
  readonly width: number | null;
}

const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const satisfies readonly LogLevel[];

export function withLogOption(command: Command): Command {
  return command.addOption(
    command.createOption('--log-level <level>', 'what to log').choices(LOG_LEVELS).default('info'),
  );
}

export function withSharedOptions(command: Command): Command {
  return withLogOption(command)
    .option('--json', 'print the result as one JSON document on stdout; logs go to stderr')
    .option('--force', 'overwrite what is there');
}

/** `file` is what -c names, `example` a key of it. */
export function withConfigOptions(
  command: Command,
  { file, example } = { file: 'the YAML that describes data, model and training', example: 'train.epochs=3' },
): Command {
  const collect = (value: string, earlier: readonly string[] = []) => [...earlier, value];
  return withSharedOptions(
    command
      .requiredOption('-c, --config <file>', file)
      .option('--set <key=value>', `override a key of the config, such as ${example} (repeatable)`, collect),
  );
}

export async function readConfig({ config, set = [] }: ConfigOptions, io: Io): Promise<Config> {
  const { loadConfig } = await import('../config/load.js');
  return loadConfig(config, { set, env: io.env });
}

/** Runs the work of a command with a logger and progress on stderr, and prints what it reports on stdout; null is of one that wrote there itself. */
export async function runCommand(
  options: SharedOptions,
  io: Io,
  work: (session: Session) => Promise<Report | null>,
): Promise<void> {
  const { createLogger } = await import('../common/logger.js');
  const { createLoggedProgress, createTerminalProgress } = await import('../common/progress.js');
  const use = terminalUse(io, options.logLevel);
  const bars = use.bars ? createTerminalProgress(io.stderr) : null;
  const logger = createLogger({
    level: options.logLevel,
    write: (line) => (bars ? bars.write(line) : io.stderr.write(line)),
    pretty: use.pretty,
    colour: use.colour,
  });
  try {
    const context: Context = { logger, progress: bars ?? createLoggedProgress(logger) };
    const copyLogTo = (file: string) => logger.copyTo(file);
    const report = await work({ context, copyLogTo, width: use.width });
    if (!report) return;
    const { json, text, failure } = report;
    io.stdout.write(`${options.json ? JSON.stringify(json, null, 2) : printableLines(text)}\n`);
    if (failure !== undefined) throw new UserError(failure);
  } finally {
    bars?.close();
    logger.close();
  }
}
