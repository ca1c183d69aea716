/** The HTTP server: routes, limits, keys and errors around the models. */
import { setTimeout as sleep } from 'node:timers/promises';
import swagger from '@fastify/swagger';
import { type FastifyInstance, type FastifyReply, fastify } from 'fastify';
import type { Logger } from '../common/context.js';
import { messageOf, UserError } from '../common/errors.js';
import { Unfit } from '../delivery/cells.js';
import type { KeyCheck } from './api-keys.js';
import type { Limits } from './limits.js';
import type { Metrics } from './metrics.js';
import { OpenRequests } from './open-requests.js';
import { type ErrorStatus, errorBody, knownStatus, RequestError } from './request-error.js';
import { addRoutes, type RoutesInput } from './routes.js';

/** What requests are counted as whose clients went before they were answered; no client ever sees it. */
const CLIENT_GONE = 499;

/** Paths that need no key: probes have none. */
const OPEN_PATHS = new Set(['/healthz', '/readyz']);

/** How long clients that hold a connection are told, at their next request, that the server stops. */
const FAREWELL_MS = 500;

export interface ServerInput extends RoutesInput {
  readonly version: string;
  readonly limits: Limits;
  readonly metrics: Metrics;
  /** Null where anyone may ask. */
  readonly keys: KeyCheck | null;
  readonly logger: Logger;
}

export interface Server {
  readonly app: FastifyInstance;
  /** @throws UserError for an address that cannot be had */
  listen(host: string, port: number): Promise<string>;
  /** Refuses what is new, answers what was taken, and ends. */
  stop(): Promise<void>;
}

export async function createServer(input: ServerInput): Promise<Server> {
  const { limits, metrics, keys, logger, version } = input;
  const app = fastify({
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.timeoutMs,
    // Fastify sets the time of the whole request alone; Node looks at it every half minute, and at no less than that of the headers.
    http: {
      requestTimeout: limits.timeoutMs,
      headersTimeout: limits.timeoutMs,
      connectionsCheckingInterval: Math.min(500, limits.timeoutMs),
    },
    // Longer than what proxies usually hold a connection for, so that it is theirs to close.
    keepAliveTimeout: 75_000,
    forceCloseConnections: 'idle',
    // What is asked for is neither changed nor completed.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, allowUnionTypes: true } },
    frameworkErrors: (error, _, reply) => void answerError(reply, error, logger),
    clientErrorHandler(error, socket) {
      if (socket.destroyed || !socket.writable) return;
      const isLate = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
      const line = isLate ? '408 Request Timeout' : '400 Bad Request';
      const body = JSON.stringify(
        errorBody(isLate ? 408 : 400, isLate ? 'the request took too long to come' : 'this is no HTTP'),
      );
      socket.end(
        `HTTP/1.1 ${line}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      );
    },
  });
  const state = { stopping: false };
  const open = new OpenRequests();
  open.watch(app.server);

  app.addHook('onRequest', async (request, reply) => {
    const startMs = performance.now();
    open.add(request.raw, reply.raw, (isAnswered) => {
      const labels = {
        route: request.routeOptions.url ?? 'none',
        method: request.method,
        status: String(isAnswered ? reply.statusCode : CLIENT_GONE),
      };
      metrics.requests.observe(labels, (performance.now() - startMs) / 1000);
    });
    if (state.stopping) {
      reply.header('connection', 'close');
      if (request.url !== '/healthz') throw new RequestError(503, 'the server stops');
    }
    const path = request.routeOptions.url ?? '';
    if (keys && !OPEN_PATHS.has(path) && !keys(request.headers.authorization)) {
      reply.header('www-authenticate', 'Bearer');
      throw new RequestError(401, 'expected Authorization: Bearer with a key that is known');
    }
  });
  app.addHook('onSend', async (_, reply) => {
    if (state.stopping) reply.header('connection', 'close');
  });
  app.setErrorHandler((error, _, reply) => answerError(reply, error, logger));
  app.setNotFoundHandler((request) => {
    throw new RequestError(404, `${request.method} ${request.url.slice(0, 200)} is no route of this server`);
  });

  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'dupn serve',
        version,
        description: 'Scores and representations of users by trained models',
      },
      ...(keys && {
        components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
        security: [{ key: [] }],
      }),
    },
  });
  await app.register(async (routes) => addRoutes(routes, input, () => !state.stopping));
  await app.ready();

  return {
    app,
    listen: (host, port) =>
      app.listen({ host, port }).catch((cause: Error) => {
        throw new UserError(`Cannot listen on ${host}:${port}: ${cause.message}`, { cause });
      }),
    async stop() {
      state.stopping = true;
      // Neither to come nor to wait may take a request longer; what is open when the models are done is a client that does not read.
      const patience = sleep(2 * limits.timeoutMs, undefined, { ref: false }).then(() =>
        input.models.drained(),
      );
      await Promise.all([Promise.race([open.quiet(), patience]), sleep(FAREWELL_MS)]);
      setTimeout(() => app.server.closeAllConnections(), FAREWELL_MS).unref();
      await app.close();
    },
  };
}

/** Messages of ours and of checks of requests; what else went wrong is for the log alone. */
function answerError(reply: FastifyReply, error: unknown, logger: Logger) {
  const [status, message] = described(error);
  if (status === 500) {
    const { url, method } = reply.request;
    const stack = error instanceof Error ? error.stack : undefined;
    logger.error({ method, url, stack }, `cannot answer ${method} ${url}: ${messageOf(error)}`);
  }
  if (status === 429) reply.header('retry-after', '1');
  return reply.status(status).send(errorBody(status, message));
}

function described(error: unknown): [ErrorStatus, string] {
  if (error instanceof RequestError) return [error.status, error.message];
  if (error instanceof Unfit) return [400, error.message];
  const { statusCode } = error as { readonly statusCode?: number };
  const status = knownStatus(statusCode);
  return status >= 500 ? [500, 'a fault of the server; its log says more'] : [status, messageOf(error)];
}
