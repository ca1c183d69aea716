/** The logger behind `Context`: pino on stderr, readable on a terminal and JSON lines elsewhere, copied to a run's log. */
import { pino } from 'pino';
import { prettyFactory } from 'pino-pretty';
import type { Logger } from './context.js';
import { withPath } from './files.js';
import { printableLines } from './printable.js';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface LoggerOptions {
  readonly level: LogLevel;
  /** Takes one line, its end included. */
  readonly write: (line: string) => void;
  /** For people instead of programs. */
  readonly pretty: boolean;
  readonly colour: boolean;
}

export interface RootLogger extends Logger {
  /** From now on every line, of debug too, is also appended to the file as JSON; what it returns ends that. */
  copyTo(file: string): () => void;
  /** Writes out and closes the files. */
  close(): void;
}

export function createLogger({ level, write, pretty, colour }: LoggerOptions): RootLogger {
  const format = pretty ? prettyFormat(colour) : null;
  const streams = pino.multistream([]);
  if (level !== 'silent') {
    streams.add({ level, stream: { write: (line: string) => write(format ? format(line) : line) } });
  }
  const logger = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, streams);
  const files = new Set<ReturnType<typeof pino.destination>>();
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    copyTo(path) {
      const file = pino.destination({ dest: path, append: true, mkdir: true, sync: true });
      files.add(file);
      const withName = (write: () => void) => {
        try {
          write();
        } catch (error) {
          throw withPath(error, path);
        }
      };
      // What is ended stays among the streams, and writes nothing.
      streams.add({
        level: 'debug',
        stream: {
          write(line: string) {
            if (files.has(file)) withName(() => file.write(line));
          },
        },
      });
      logger.level = 'debug';
      return () => {
        if (files.delete(file)) withName(() => file.end());
      };
    },
    close() {
      for (const file of files) file.end();
      files.clear();
    },
  };
}

/** The text of a line of JSON for people; what would move the cursor in texts of data is shown escaped. */
function prettyFormat(colorize: boolean): (line: string) => string {
  const format = prettyFactory({
    colorize,
    ignore: 'pid,hostname',
    translateTime: 'SYS:HH:MM:ss',
    singleLine: true,
  });
  return (line) =>
    format(
      JSON.parse(line, (_, value: unknown) => (typeof value === 'string' ? printableLines(value) : value)),
    );
}
