/**
 * A session of the user's Spark: spark-submit runs bin/spark-session.py as a driver on this machine, and both talk over a socket that
 * only this user can open. What Spark prints goes to a file.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { UserError } from '../../common/errors.js';
import { onInterrupt } from '../../common/interrupted.js';
import { isUri } from '../../common/uri.js';
import type { Config } from '../../config/schema.js';
import { isLocalMaster } from '../../config/spark-rules.js';
import { hasEnded, hasNoSession, notStarted, type Submitted, saidBySpark } from './spark-errors.js';

export interface ListedFile {
  /** As Hadoop writes it: with a scheme, not encoded. */
  readonly path: string;
  readonly bytes: number;
  readonly modifiedMs: number;
}

export interface SparkSession {
  readonly version: string;
  /** Where statements may write: a folder of this session, which is removed with it. */
  readonly staging: string;
  /** The one file, the files of a folder, or those of a glob where `path` is neither; without those that Spark passes over. */
  list(path: string, glob?: string): Promise<readonly ListedFile[]>;
  /** The first bytes of a file, unpacked. */
  head(path: string, size: number): Promise<{ readonly data: Buffer; readonly isWhole: boolean }>;
  /** Name and type of each column of a Parquet file. */
  columns(path: string): Promise<readonly (readonly [name: string, type: string])[]>;
  /**
   * Makes a view of files; `placed` adds dupn_path, dupn_block and dupn_number to each row. `columns` of Parquet files with their types
   * spare Spark a look at them. Returns what each file may be called in dupn_path.
   */
  read(
    view: string,
    format: 'text' | 'parquet',
    paths: readonly string[],
    placed: boolean,
    columns?: string,
  ): Promise<readonly (readonly string[])[]>;
  sql(text: string): Promise<readonly (readonly unknown[])[]>;
  /** The Parquet files of a folder in their order, on this machine: where they are, or as copies in the folder `to`. */
  fetch(folder: string, to: string): Promise<readonly string[]>;
  remove(folder: string): Promise<void>;
  /** Ends it; once closed, it stays so. */
  close(): Promise<void>;
}

export interface SessionOptions {
  /** Where what Spark prints is kept. */
  readonly logFile: string;
  /** What the staging folder of a local master, where none is set, begins with; others that do are removed. */
  readonly localStaging: string;
}

const SCRIPT = fileURLToPath(new URL('../../../bin/spark-session.py', import.meta.url));

/** Addresses of sockets have a hundred characters at most. */
const LONGEST_FOLDER = 75;

/** How long Spark may take to end by itself. */
const PATIENCE_MS = 90_000;

/** @throws UserError where Spark does not start, with what it said */
export async function openSpark(
  { name, preprocess: { spark: settings } }: Config,
  given: SessionOptions,
): Promise<SparkSession> {
  const options = { ...given, settings, name };
  const { logFile } = options;
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'w');
  removeStagings(options.localStaging);
  const folder = await mkdtemp(join(tmpdir().length < LONGEST_FOLDER ? tmpdir() : '/tmp', 'dupn-spark-'));
  const address = join(folder, 'socket');
  const server = createServer();
  await new Promise<void>((listening, reject) => {
    server.once('error', reject);
    server.listen(address, listening);
  });
  // In a group of its own: what a terminal sends comes to us alone, and Spark ends in good order as soon as we are gone.
  const child = spawn(settings.submit, submitArguments(options, address), {
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  const link = connectTo(server, child, options);
  const forget = onInterrupt(() => {
    if (!link.isOpen()) child.kill('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  });
  const close = async () => {
    await link.end();
    forget();
    rmSync(folder, { recursive: true, force: true });
    removeStagings(options.localStaging);
  };
  try {
    const { version, master } = (await link.start()) as { version: string; master: string };
    checkVersion(version, settings.submit);
    if (settings.staging === undefined && !isLocalMaster(master)) {
      throw new UserError(
        `Cannot read the tables by Spark: with the master ${master}, preprocess.spark.staging has to name a folder that the driver and all executors see`,
      );
    }
    const own = `dupn-${hostname()}-${process.pid}-${Date.now().toString(36)}`;
    const staging =
      settings.staging === undefined
        ? `file:${options.localStaging}-${own}`
        : `${isUri(settings.staging) ? settings.staging.replace(/\/+$/, '') : `file:${resolve(settings.staging)}`}/${own}`;
    const ask = async <T>(request: { readonly do: string; readonly [field: string]: unknown }) =>
      (await link.ask(request)) as T;
    await ask({ do: 'staging', folder: staging });
    return {
      version,
      staging,
      list: (path, glob) => ask({ do: 'list', path, glob }),
      async head(path, size) {
        const { data, isWhole } = await ask<{ data: string; isWhole: boolean }>({ do: 'head', path, size });
        return { data: Buffer.from(data, 'base64'), isWhole };
      },
      columns: (path) => ask({ do: 'columns', path }),
      read: (view, format, paths, placed, columns) =>
        ask({ do: 'read', view, format, paths, placed, columns }),
      sql: (text) => ask({ do: 'sql', text }),
      fetch: (folder, to) => ask({ do: 'fetch', folder, to }),
      remove: (folder) => ask({ do: 'remove', folder }),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Those under this name that sessions have left; of a session that is still ending too, which then ends the faster. */
function removeStagings(path: string): void {
  for (const name of readdirSync(dirname(path))) {
    if (name.startsWith(`${basename(path)}-`))
      rmSync(join(dirname(path), name), { recursive: true, force: true });
  }
}

function checkVersion(version: string, submit: string): void {
  const [major, minor] = version.split('.').map(Number) as [number, number];
  if (major > 3 || (major === 3 && minor >= 5)) return;
  throw new UserError(
    `Cannot read the tables by Spark: required Spark 3.5 or later, got ${version} (preprocess.spark.submit: ${submit})`,
  );
}

function submitArguments(
  { settings, name }: Submitted & { readonly name: string },
  address: string,
): string[] {
  const conf = { 'spark.ui.showConsoleProgress': false, ...settings.conf };
  return [
    ...(settings.master === undefined ? [] : ['--master', settings.master]),
    ...['--deploy-mode', 'client', '--name', `dupn ${name}`],
    ...Object.entries(conf).flatMap(([key, value]) => ['--conf', `${key}=${value}`]),
    ...[SCRIPT, address],
  ];
}

/** What comes over the socket: one answer to each request, in their order. */
interface Link {
  /** Whether the session has connected: it ends with the connection. */
  isOpen(): boolean;
  /** What the session says once it is there. @throws UserError where it does not come to that */
  start(): Promise<unknown>;
  /** @throws UserError for an answer that is an error, and where Spark has ended */
  ask(request: { readonly do: string; readonly [field: string]: unknown }): Promise<unknown>;
  end(): Promise<void>;
}

function connectTo(server: Server, child: ChildProcess, options: Submitted): Link {
  const waiting: { resolve(line: string): void; reject(error: Error): void }[] = [];
  let socket: Socket | undefined;
  let failure: (() => Error) | undefined;
  const fail = (reason: () => Error) => {
    failure ??= reason;
    for (const { reject } of waiting.splice(0)) reject(failure());
  };
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      fail(() => notStarted(error, options));
      resolve();
    });
    child.once('exit', (code, signal) => {
      fail(() => hasEnded(signal ?? `code ${code}`, options));
      resolve();
    });
  });
  server.once('connection', (opened) => {
    socket = opened;
    server.close();
    opened.on('error', () => {});
    createInterface({ input: opened }).on('line', (line) => waiting.shift()?.resolve(line));
  });
  const next = async (refused: (reasons: readonly string[]) => UserError) => {
    const line = await new Promise<string>((resolve, reject) => {
      if (failure) reject(failure());
      else waiting.push({ resolve, reject });
    });
    const { value, error } = JSON.parse(line) as { value?: unknown; error?: readonly string[] };
    if (error) throw refused(error);
    return value;
  };
  return {
    isOpen: () => socket !== undefined,
    start: () => next((reasons) => hasNoSession(reasons, options)),
    ask(request) {
      const { path, glob } = request;
      const subject = [glob, path].find((text) => typeof text === 'string') ?? 'the tables';
      const answer = next((reasons) => saidBySpark(subject, reasons, options));
      socket?.write(`${JSON.stringify(request)}\n`);
      return answer;
    },
    async end() {
      server.close();
      if (socket) socket.end();
      else child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
      await ended;
      clearTimeout(timer);
      socket?.destroy();
    },
  };
}
