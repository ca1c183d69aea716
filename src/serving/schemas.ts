/** The JSON Schemas of requests and answers: made once, and used to check, to write and to document (OpenAPI 3.1). */
import type { Limits } from './limits.js';

const ID = { type: 'string', minLength: 1, maxLength: 256 } as const;

const TEXT = { type: 'string', maxLength: 4096 } as const;

const TIME = {
  type: 'string',
  format: 'date-time',
  description: 'RFC 3339 with an offset',
  examples: ['2026-01-10T12:00:00Z'],
} as const;

/** Columns of the log, of a table or of the request. */
const CELLS = {
  type: 'object',
  maxProperties: 64,
  additionalProperties: {
    anyOf: [
      TEXT,
      { type: ['number', 'boolean', 'null'] },
      { type: 'array', maxItems: 256, items: TEXT, description: 'Values of a multi-valued field' },
    ],
  },
} as const;

const eventSchema = {
  type: 'object',
  required: ['item', 'time'],
  additionalProperties: false,
  properties: {
    item: { ...ID, description: 'Item id' },
    time: TIME,
    values: {
      ...CELLS,
      description: 'Columns of the log: the behaviour and what else the model reads of it',
    },
    attributes: { ...CELLS, description: 'Columns of the items table; they win over what the model knows' },
  },
} as const;

/** Who asks. */
const userProperties = ({ events }: Limits) =>
  ({
    user: { ...ID, description: 'Whose history is taken from prepared data and from what was appended' },
    time: { ...TIME, description: 'When the user asks, by default now: only events before it are read' },
    history: {
      type: 'array',
      maxItems: events,
      items: eventSchema,
      description: 'Events in any order; with a history, nothing is looked up of the user',
    },
    profile: { ...CELLS, description: 'Columns of the profile table' },
    values: { ...CELLS, description: 'Columns of the request that user fields are read from' },
    query: { ...TEXT, description: 'The words that were searched for' },
  }) as const;

const candidateSchema = {
  anyOf: [
    ID,
    {
      type: 'object',
      required: ['id'],
      additionalProperties: false,
      properties: {
        id: ID,
        attributes: { ...CELLS, description: 'Columns of its table; they win over what the model knows' },
        features: {
          type: 'object',
          maxProperties: 256,
          additionalProperties: { type: ['number', 'null'] },
          description:
            'Features of the candidate that the task reads, as they are before they are normalised',
        },
      },
    },
  ],
} as const;

const HISTORY_EXAMPLE = [
  {
    item: 'i000001',
    time: '2026-01-10T11:58:00Z',
    values: { behavior: 'click', scenario: 'recommendation' },
  },
  { item: 'i000009', time: '2026-01-10T11:59:00Z', values: { behavior: 'cart', scenario: 'recommendation' } },
];

const VARIANT = { type: 'string', description: 'The bundle that answered' } as const;
const MODEL = {
  type: 'object',
  description: 'Where it comes from',
  properties: { run: { type: 'string' }, step: { type: 'integer' }, learnedTo: { type: 'string' } },
} as const;
const EVENTS_READ = { type: 'integer', description: 'Events of the history that the model read' } as const;

const errorSchema = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message'],
      properties: { code: { type: 'string' }, message: { type: 'string' } },
    },
  },
} as const;

/** What can go wrong with every request that has a body. */
const errors = Object.fromEntries(
  Object.entries({
    400: 'Not what was expected',
    401: 'No key, or a wrong one',
    408: 'The client took too long',
    413: 'A body that is too large',
    415: 'Not JSON',
    429: 'Too many requests wait; come again after Retry-After seconds',
    500: 'A fault of the server',
    503: 'Stopping, or no time for this request',
  }).map(([status, description]) => [status, { description, ...errorSchema }]),
);

export function requestSchemas(limits: Limits) {
  const who = userProperties(limits);
  const eitherIs = [{ required: ['user'] }, { required: ['history'] }];
  return {
    score: {
      summary: 'Probabilities of tasks for a user and candidates',
      body: {
        type: 'object',
        required: ['tasks'],
        anyOf: eitherIs,
        additionalProperties: false,
        properties: {
          ...who,
          tasks: {
            type: 'array',
            minItems: 1,
            maxItems: 64,
            uniqueItems: true,
            items: ID,
            description: 'Tasks of the model',
          },
          candidates: {
            type: 'object',
            maxProperties: 64,
            additionalProperties: { type: 'array', maxItems: limits.candidates, items: candidateSchema },
            description: '`item`, or the name of an entity: what the tasks judge',
          },
        },
        examples: [
          {
            time: '2026-01-10T12:00:00Z',
            history: HISTORY_EXAMPLE,
            profile: { age: '25-34' },
            values: { scenario: 'search' },
            query: 'bike',
            tasks: ['ctr'],
            candidates: { item: ['i000001', { id: 'new', attributes: { brand_id: 'b004' } }] },
          },
          { user: 'u000001', tasks: ['ctr'], candidates: { item: ['i000001', 'i000002'] } },
        ],
      },
      response: {
        200: {
          description: 'Scores, in the order of the candidates',
          type: 'object',
          required: ['variant', 'model', 'events', 'unknown', 'scores'],
          properties: {
            variant: VARIANT,
            model: MODEL,
            events: EVENTS_READ,
            unknown: {
              type: 'integer',
              description: 'Scores of candidates whose id the model does not know',
            },
            scores: {
              type: 'object',
              additionalProperties: { type: 'array', items: { type: 'number' } },
              description: 'Task -> a probability for each candidate, or for each class',
            },
          },
        },
        ...errors,
      },
    },
    embed: {
      summary: 'The representation of a user',
      body: {
        type: 'object',
        anyOf: eitherIs,
        additionalProperties: false,
        properties: who,
        examples: [{ user: 'u000001' }, { history: HISTORY_EXAMPLE, profile: { age: '25-34' } }],
      },
      response: {
        200: {
          description: 'The vector',
          type: 'object',
          required: ['variant', 'model', 'events', 'vector'],
          properties: {
            variant: VARIANT,
            model: MODEL,
            events: EVENTS_READ,
            vector: { type: 'array', items: { type: 'number' } },
          },
        },
        ...errors,
      },
    },
    events: {
      summary: 'Appends events to the history of a user',
      body: {
        type: 'object',
        required: ['user', 'events'],
        additionalProperties: false,
        properties: {
          user: ID,
          events: { type: 'array', minItems: 1, maxItems: limits.events, items: eventSchema },
        },
        examples: [{ user: 'u000001', events: HISTORY_EXAMPLE }],
      },
      response: {
        200: {
          description: 'What is kept',
          type: 'object',
          required: ['accepted', 'kept'],
          properties: {
            accepted: { type: 'integer', description: 'Events of this request' },
            kept: { type: 'integer', description: 'Appended events of the user that are remembered' },
          },
        },
        ...errors,
      },
    },
  } as const;
}

const NO_KEY: Record<string, string[]>[] = [];

export const healthSchema = {
  summary: 'Whether the process answers',
  security: NO_KEY,
  response: { 200: { description: 'It does', type: 'object', properties: { status: { type: 'string' } } } },
} as const;

export const readySchema = {
  summary: 'Whether requests are taken, and by which models',
  security: NO_KEY,
  response: {
    200: {
      description: 'They are',
      type: 'object',
      properties: {
        status: { type: 'string' },
        models: { type: 'object', additionalProperties: MODEL, description: 'Variant -> its model' },
      },
    },
    503: errors[503],
  },
} as const;

export const metricsSchema = {
  summary: 'Metrics for Prometheus',
  response: { 200: { description: 'Text', content: { 'text/plain': { schema: { type: 'string' } } } } },
} as const;
