/** What is measured of a server, for Prometheus. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** Seconds. */
const DURATIONS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5];

/** What gauges read when someone asks. */
export interface Gauges {
  waiting(): number;
  cachedBytes(): number;
  appendedBytes(): number;
  appendedUsers(): number;
  lostExposures(): number;
}

export function createMetrics(gauges: Gauges) {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const read = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  read('dupn_queue_requests', 'Requests that wait for the model', gauges.waiting);
  read('dupn_cache_bytes', 'Bytes of kept encodings of users', gauges.cachedBytes);
  read('dupn_appended_bytes', 'Bytes of appended events', gauges.appendedBytes);
  read('dupn_appended_users', 'Users with appended events', gauges.appendedUsers);
  read('dupn_exposures_lost', 'Exposures that could not be written', gauges.lostExposures);
  return {
    registry,
    /** Of each route, status and method. */
    requests: new Histogram({
      name: 'dupn_http_request_duration_seconds',
      help: 'Requests by route, method and status, with their times; 499 where the client went before its answer',
      labelNames: ['route', 'method', 'status'] as const,
      buckets: DURATIONS,
      registers,
    }),
    batchRequests: new Histogram({
      name: 'dupn_batch_requests',
      help: 'Requests that went through a model together',
      labelNames: ['variant'] as const,
      buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
      registers,
    }),
    batchSeconds: new Histogram({
      name: 'dupn_batch_duration_seconds',
      help: 'Time of a batch in the model, in which nothing else is done',
      labelNames: ['variant'] as const,
      buckets: DURATIONS,
      registers,
    }),
    histories: new Counter({
      name: 'dupn_history_lookups_total',
      help: 'Histories that were asked for by user id, and whether their encoding was kept',
      labelNames: ['variant', 'result'] as const,
      registers,
    }),
    answers: new Counter({
      name: 'dupn_answers_total',
      help: 'Answered requests for scores and vectors of each variant',
      labelNames: ['variant'] as const,
      registers,
    }),
    events: new Counter({ name: 'dupn_events_total', help: 'Events that were appended', registers }),
    reloads: new Counter({
      name: 'dupn_reloads_total',
      help: 'Bundles that were opened again, and whether they were taken into use',
      labelNames: ['variant', 'result'] as const,
      registers,
    }),
  };
}

export type Metrics = ReturnType<typeof createMetrics>;
