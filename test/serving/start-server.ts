/** A server in this process, on a port of the loopback device that is free. */
import { silentContext } from '../../src/common/context.js';
import { keyCheck } from '../../src/serving/api-keys.js';
import { AppendedEvents } from '../../src/serving/appended-events.js';
import { DEFAULT_LIMITS, type Limits } from '../../src/serving/limits.js';
import { createMetrics } from '../../src/serving/metrics.js';
import { Models } from '../../src/serving/models.js';
import { createServer } from '../../src/serving/server.js';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: what a test expects of it is what it checks
  readonly body: any;
}

export interface StartedServer {
  readonly url: string;
  readonly models: Models;
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Answer>;
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  close(): Promise<void>;
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json');
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}

/** Asks a server that is there. */
export function clientOf(url: string): Pick<StartedServer, 'post' | 'get'> {
  return {
    async post(path, body, headers = {}) {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      const all = { 'content-type': 'application/json', ...headers };
      return answerOf(await fetch(url + path, { method: 'POST', headers: all, body: text }));
    },
    get: async (path, headers = {}) => answerOf(await fetch(url + path, { headers })),
  };
}

export async function startServer(
  bundle: string,
  {
    prepared = null,
    keys,
    ...limits
  }: Partial<Limits> & { readonly prepared?: string | null; readonly keys?: string } = {},
): Promise<StartedServer> {
  const all = { ...DEFAULT_LIMITS, ...limits };
  const { logger } = silentContext;
  const models = await Models.open({
    variants: [{ name: 'default', bundle, prepared }],
    limits: all,
    logger,
  });
  const appended = new AppendedEvents(all.historyBytes, all.events);
  const { model } = models.of('default');
  const metrics = createMetrics({
    waiting: () => model.waiting,
    cachedBytes: () => model.cachedBytes,
    appendedBytes: () => appended.bytes,
    appendedUsers: () => appended.users,
    lostExposures: () => 0,
  });
  models.countIn(metrics);
  const server = await createServer({
    models,
    limits: all,
    metrics,
    appended,
    assign: 'default',
    exposures: null,
    keys: keyCheck(keys),
    logger,
    version: '0.0.0',
  });
  const url = await server.listen('127.0.0.1', 0);
  return {
    url,
    models,
    ...clientOf(url),
    async close() {
      await server.stop();
      await models.close();
    },
  };
}
