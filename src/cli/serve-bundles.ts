/** Runs a server from its options until a signal stops it; a second one ends the process at once. */
import { once } from 'node:events';
import type { Context } from '../common/context.js';
import { messageOf, UserError } from '../common/errors.js';
import { holdInterrupt } from '../common/interrupted.js';
import { KEYS_VARIABLE, keyCheck } from '../serving/api-keys.js';
import { AppendedEvents } from '../serving/appended-events.js';
import { openExposures } from '../serving/exposures.js';
import type { Limits } from '../serving/limits.js';
import { createMetrics } from '../serving/metrics.js';
import { Models } from '../serving/models.js';
import { createServer } from '../serving/server.js';
import type { Io } from './io.js';
import type { ServeOptions } from './serve.js';
import { servedVariants } from './served-variants.js';
import { version } from './version.js';

const MIB = 2 ** 20;

/** @throws UserError for bundles that cannot be used, and for an address that cannot be had or is open to all */
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
  const models = await Models.open({ variants, limits, logger });
  const exposures = exposuresFile === undefined ? null : await openExposures(exposuresFile, logger);
  const appended = new AppendedEvents(limits.historyBytes, limits.events);
  const metrics = createMetrics({
    waiting: () => sumOf(models, ({ waiting }) => waiting),
    cachedBytes: () => sumOf(models, ({ cachedBytes }) => cachedBytes),
    appendedBytes: () => appended.bytes,
    appendedUsers: () => appended.users,
    lostExposures: () => exposures?.lost ?? 0,
  });
  models.countIn(metrics);
  try {
    const input = { models, limits, metrics, appended, assign, exposures, keys, logger, version: version() };
    const server = await createServer(input);
    const url = await server.listen(host, port);
    const names = variants.map(({ name }) => name);
    logger.info({ url, variants: names, keys: keys !== null }, `serving ${names.join(', ')} on ${url}`);
    let reloading = Promise.resolve();
    const onHangUp = () => {
      reloading = reloading
        .then(() => Promise.all([models.reload(), exposures?.reopen()]))
        .then(
          () => {},
          (error: unknown) => logger.error({ error: messageOf(error) }, 'cannot reload'),
        );
    };
    process.on('SIGHUP', onHangUp);
    const held = holdInterrupt(['SIGHUP']);
    if (!held.stop.aborted) await once(held.stop, 'abort');
    const signal = held.stop.reason as NodeJS.Signals;
    logger.info({ signal }, `${signal}: answering what was taken`);
    await server.stop();
    await reloading;
    held.release();
    process.removeListener('SIGHUP', onHangUp);
    logger.info({}, 'stopped');
  } finally {
    await models.close();
    await exposures?.close();
  }
}

const isLoopback = (host: string) => host === 'localhost' || host === '::1' || /^127\./.test(host);

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
