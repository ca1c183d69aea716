/** What can be asked: scores, vectors, events; whether the server is well; what it does. */
import type { FastifyInstance } from 'fastify';
import { shortest } from '../common/shortest.js';
import type { AppendedEvents } from './appended-events.js';
import type { EventsBody, ScoreBody, UserBody } from './ask-body.js';
import type { ExposureLog } from './exposures.js';
import { givenEvent } from './given-event.js';
import type { Limits } from './limits.js';
import type { Metrics } from './metrics.js';
import type { Models } from './models.js';
import { readTimeUs } from './read-time.js';
import { RequestError } from './request-error.js';
import { healthSchema, metricsSchema, readySchema, requestSchemas } from './schemas.js';
import type { Answered } from './served-model.js';
import type { Assign } from './variants.js';

export interface RoutesInput {
  readonly models: Models;
  readonly limits: Limits;
  readonly metrics: Metrics;
  readonly appended: AppendedEvents;
  /** Which variant a user gets; a name where there is one alone. */
  readonly assign: Assign | string;
  /** Null where none are written. */
  readonly exposures: ExposureLog | null;
}

export function addRoutes(app: FastifyInstance, input: RoutesInput, takes: () => boolean): void {
  const { models, limits, metrics, appended, assign, exposures } = input;
  const schemas = requestSchemas(limits);

  const variantOf = (user: string | undefined): string => {
    if (typeof assign === 'string') return assign;
    if (user !== undefined) return assign(user);
    throw new RequestError(
      400,
      'expected a user, by whose id one of several models is chosen, got a history alone',
    );
  };
  const ask = async (body: UserBody | ScoreBody, nowMs: number) => {
    const user = body.user === undefined ? undefined : models.userId(body.user);
    const variant = variantOf(user);
    const { model, origin } = models.of(variant);
    const timeUs = body.time === undefined ? nowMs * 1000 : readTimeUs(body.time, 'time');
    const events = appended.of(user ?? '');
    const answer: Answered = await model.ask({
      body,
      timeUs,
      appended: events,
      wantsVector: !('tasks' in body),
    });
    metrics.answers.inc({ variant });
    return { variant, model: origin, answer };
  };

  app.post<{ Body: ScoreBody }>('/v1/score', { schema: schemas.score }, async ({ body }) => {
    const count = Object.values(body.candidates ?? {}).reduce((sum, { length }) => sum + length, 0);
    if (count > limits.candidates)
      throw new RequestError(400, `expected at most ${limits.candidates} candidates, got ${count}`);
    const nowMs = Date.now();
    const { variant, model, answer } = await ask(body, nowMs);
    if (exposures && body.user !== undefined)
      exposures.add({ time: new Date(nowMs).toISOString(), user: body.user, variant, tasks: body.tasks });
    const { events, unknown } = answer;
    const scores = Object.fromEntries(
      body.tasks.map((task) => [task, Array.from(answer.scores[task] ?? [], shortest)]),
    );
    return { variant, model, events, unknown, scores };
  });

  app.post<{ Body: UserBody }>('/v1/embed', { schema: schemas.embed }, async ({ body }) => {
    const { variant, model, answer } = await ask(body, Date.now());
    return { variant, model, events: answer.events, vector: Array.from(answer.vector!, shortest) };
  });

  app.post<{ Body: EventsBody }>('/v1/events', { schema: schemas.events }, async ({ body }) => {
    const events = body.events.map(givenEvent);
    for (const [, { model }] of models.all()) model.checkEvents(events);
    metrics.events.inc(events.length);
    return { accepted: events.length, kept: appended.append(models.userId(body.user), events) };
  });

  app.get('/healthz', { schema: healthSchema }, async () => ({ status: 'ok' }));

  app.get('/readyz', { schema: readySchema }, async () => {
    if (!takes()) throw new RequestError(503, 'the server stops');
    const dead = [...models.all()].find(([, { model }]) => !model.isAlive);
    if (dead) throw new RequestError(503, `the thread of ${dead[0]} ended, and the server stops`);
    const origins = [...models.all()].map(([variant, { origin }]) => [variant, origin] as const);
    return { status: 'ok', models: Object.fromEntries(origins) };
  });

  app.get('/metrics', { schema: metricsSchema }, async (_, reply) => {
    reply.header('content-type', metrics.registry.contentType);
    return metrics.registry.metrics();
  });

  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
}
