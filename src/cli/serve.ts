/** `dupn serve`: scores and representations over HTTP. */
import { Command, InvalidArgumentError } from 'commander';
import { DEFAULT_LIMITS } from '../serving/limits.js';
import type { Io } from './io.js';
import { runCommand, type SharedOptions, withLogOption } from './session.js';

export interface ServeOptions extends SharedOptions {
  readonly bundle: readonly string[];
  readonly prepared?: readonly string[];
  readonly host: string;
  readonly port: number;
  readonly anonymous?: true;
  readonly split?: string;
  readonly salt?: string;
  readonly exposures?: string;
  readonly batchMs: number;
  readonly batchRequests: number;
  readonly queue: number;
  readonly timeoutMs: number;
  readonly maxCandidates: number;
  readonly maxEvents: number;
  readonly bodyMib: number;
  readonly cacheMib: number;
  readonly historyMib: number;
}

const MIB = 2 ** 20;

const HOUR_MS = 3_600_000;

export function serveCommand(io: Io): Command {
  const collect = (value: string, earlier: readonly string[] = []) => [...earlier, value];
  const limits = DEFAULT_LIMITS;
  return withLogOption(new Command('serve'))
    .description('answer requests for scores and representations over HTTP')
    .requiredOption('--bundle <[name=]folder>', 'what dupn export wrote; repeatable, with names', collect)
    .option('--prepared <[name=]folder>', 'prepared data to take histories from, of all or of one', collect)
    .option('--host <address>', 'where to listen', '127.0.0.1')
    .option('--port <port>', 'where to listen; 0 for any that is free', count(0, 65_535), 8080)
    .option('--anonymous', 'listen beyond this machine without keys (DUPN_API_KEYS)')
    .option('--split <name=share,...>', 'shares of the users of each bundle; by default equal')
    .option('--salt <text>', 'with several bundles: what users are spread by; another for each experiment')
    .option('--exposures <file>', 'append who was scored by what, as JSON lines')
    .option('--batch-ms <ms>', 'how long a request waits for others', count(0, HOUR_MS), limits.batchMs)
    .option('--batch-requests <count>', 'requests that are scored together', count(1), limits.batchRequests)
    .option('--queue <count>', 'requests that may wait; more are refused (429)', count(1), limits.queue)
    .option(
      '--timeout-ms <ms>',
      'how long a request may wait, or take to come',
      count(1, HOUR_MS),
      limits.timeoutMs,
    )
    .option('--max-candidates <count>', 'of a request', count(1), limits.candidates)
    .option('--max-events <count>', 'of a request, and kept of a user', count(1), limits.events)
    .option('--body-mib <size>', 'size of a request', count(1), limits.bodyBytes / MIB)
    .option('--cache-mib <size>', 'encodings of users that are kept', count(0), limits.cacheBytes / MIB)
    .option('--history-mib <size>', 'appended events that are kept', count(0), limits.historyBytes / MIB)
    .action((options: ServeOptions) =>
      runCommand(options, io, async ({ context }) => {
        const { serveBundles } = await import('./serve-bundles.js');
        await serveBundles(options, io, context);
        return null;
      }),
    );
}

/** Reads a whole number from `least` to `most`. */
function count(least: number, most?: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= (most ?? Number.MAX_SAFE_INTEGER)) return value;
    const range = most === undefined ? `from ${least} on` : `from ${least} to ${most}`;
    throw new InvalidArgumentError(`expected a whole number ${range}, got ${text}`);
  };
}
