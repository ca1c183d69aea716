/** Runs a server from its options until a signal stops it; a second one ends the process at once. */
import { once } from 'node:events';
import type { Context, Logger } from '../common/context.js';
import { messageOf, UserError } from '../common/errors.js';
import { holdInterrupt } from '../common/interrupted.js';
import { KEYS_VARIABLE, keyCheck } from '../serving/api-keys.js';
import { AppendedEvents } from '../serving/appended-events.js';
import { type ExposureLog, openExposures } from '../serving/exposures.js';
import type { Limits } from '../serving/limits.js';
import { createMetrics } from '../serving/metrics.js';
import { Models } from '../serving/models.js';
import { createServer, type Server } from '../serving/server.js';
import type { Io } from './io.js';
import type { ServeOptions } from './serve.js';
import { servedVariants } from './served-variants.js';
import { version } from './version.js';

const MIB = 2 ** 20;

/**
 * @throws UserError for bundles that cannot be used, and for an address that cannot be had or is open to all; Error when a model
 * is gone
 */
export async function serveBundles(options: ServeOptions, io: Io, { logger }: Context): Promise<void> {
  const { host, port, exposures: exposuresFile, anonymous } = options;
  const { variants, assign } = servedVariants(options);
  const keys = keyCheck(io.env[KEYS_VARIABLE]);
  if (!keys && !anonymous && !isLoopback(host)) {
    throw new UserError(
      `Cannot serve on ${host}: expected keys in ${KEYS_VARIABLE} where other machines may ask (or --anonymous), got none`,
    );
  }
  const limits = limitsOf(options);
  if (limits.batchMs >= limits.timeoutMs) {
    throw new UserError(
      `Cannot serve: expected --batch-ms below --timeout-ms, after which requests are given up, got ${limits.batchMs} and ${limits.timeoutMs}`,
    );
  }
  const exposures = exposuresFile === undefined ? null : await openExposures(exposuresFile, logger);
  try {
    const models = await Models.open({ variants, limits, logger });
    try {
      const appended = new AppendedEvents(limits.historyBytes, limits.events);
      const metrics = createMetrics({
        waiting: () => sumOf(models, ({ waiting }) => waiting),
        cachedBytes: () => sumOf(models, ({ cachedBytes }) => cachedBytes),
        appendedBytes: () => appended.bytes,
        appendedUsers: () => appended.users,
        lostExposures: () => exposures?.lost ?? 0,
      });
      models.countIn(metrics);
      const input = {
        models,
        limits,
        metrics,
        appended,
        assign,
        exposures,
        keys,
        logger,
        version: version(),
      };
      await serveUntilStopped(await createServer(input), { models, exposures, logger }, async (server) => {
        const url = await server.listen(host, port);
        const names = variants.map(({ name }) => name);
        logger.info({ url, variants: names, keys: keys !== null }, `serving ${names.join(', ')} on ${url}`);
      });
    } finally {
      await models.close();
    }
  } finally {
    await exposures?.close();
  }
}

interface Served {
  readonly models: Models;
  readonly exposures: ExposureLog | null;
  readonly logger: Logger;
}

/** Reloads at each SIGHUP. @throws Error when a model is gone, after what waited is answered */
async function serveUntilStopped(
  server: Server,
  { models, exposures, logger }: Served,
  listen: (server: Server) => Promise<void>,
): Promise<void> {
  let [isAsked, isStopping] = [false, false];
  let reloading: Promise<void> | null = null;
  const reload = async () => {
    // However many signals came meanwhile, once more is enough.
    while (isAsked && !isStopping) {
      isAsked = false;
      for (const outcome of await Promise.allSettled([models.reload(), exposures?.reopen()])) {
        if (outcome.status === 'fulfilled') continue;
        const error = messageOf(outcome.reason);
        logger.error({ error }, `cannot reload: ${error}`);
      }
    }
    reloading = null;
  };
  const onHangUp = () => {
    isAsked = true;
    reloading ??= reload();
  };
  // Before anyone can know that there is a server to send them to.
  process.on('SIGHUP', onHangUp);
  const held = holdInterrupt(['SIGHUP']);
  const stopped = held.stop.aborted ? Promise.resolve() : once(held.stop, 'abort');
  try {
    await listen(server);
    const reason = await Promise.race([
      stopped.then(() => held.stop.reason as NodeJS.Signals),
      models.failed,
    ]);
    isStopping = true;
    if (typeof reason === 'string') {
      logger.info({ signal: reason }, `${reason}: answering what was taken`);
    } else {
      const { variant, cause } = reason;
      logger.error({ variant, error: messageOf(cause) }, `${variant}: ${messageOf(cause)}; the server stops`);
    }
    await server.stop();
    await reloading;
    logger.info({}, 'stopped');
    if (typeof reason !== 'string') throw reason.cause;
  } finally {
    process.removeListener('SIGHUP', onHangUp);
    held.release();
  }
}

const isLoopback = (host: string) => host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host);

function limitsOf(options: ServeOptions): Limits {
  return {
    bodyBytes: options.bodyMib * MIB,
    candidates: options.maxCandidates,
    events: options.maxEvents,
    queue: options.queue,
    timeoutMs: options.timeoutMs,
    batchRequests: options.batchRequests,
    batchMs: options.batchMs,
    cacheBytes: options.cacheMib * MIB,
    historyBytes: options.historyMib * MIB,
  };
}

function sumOf(models: Models, read: (model: ReturnType<Models['of']>['model']) => number): number {
  let sum = 0;
  for (const [, { model }] of models.all()) sum += read(model);
  return sum;
}
