/** A small random log as plain objects: what batches are compared with. */
import type { FieldManifest, Manifest, RankingFeature } from '../../src/common/prepared.js';
import { createRandom } from '../../src/common/random.js';

export interface WorldEvent {
  readonly item: number;
  readonly code: number;
  readonly time: number;
}

/** `item` of a sample of a task about the user alone. */
export const NO_CANDIDATE = -1;

interface WorldSample {
  /** Row of the item or entity that is judged. */
  readonly item: number;
  readonly label: number;
  readonly weight: number;
  /** Of a task that ranks. */
  readonly features?: readonly number[];
}

export interface WorldRequest {
  readonly user: number;
  readonly time: number;
  /** Number of the user's events strictly before. */
  readonly end: number;
  /** Position in SPLITS. */
  readonly split: number;
  readonly fields: Readonly<Record<string, number>>;
  /** Vocabulary indexes of the words of its query, in order. */
  readonly query: readonly number[];
  readonly samples: Readonly<Record<string, readonly WorldSample[]>>;
}

export interface WorldNumbers {
  readonly names: readonly string[];
  readonly rows: readonly (readonly number[])[];
}

export interface World {
  /** Item field -> index of each item row; of a multi-valued field, a list. */
  readonly items: Readonly<Record<string, readonly (number | readonly number[])[]>>;
  readonly fields: Omit<Manifest['fields'], 'itemNumbers'>;
  /** Entity -> field -> index of each row; of a multi-valued field, a list. */
  readonly entities: Readonly<
    Record<string, Readonly<Record<string, readonly (number | readonly number[])[]>>>
  >;
  readonly entityFields: Readonly<Record<string, Manifest['entities'][string]['fields']>>;
  /** item or an entity -> its numbers and their values by row, normalised already. */
  readonly numbers: Readonly<Record<string, WorldNumbers>>;
  /** Task -> the entity that it judges, where that is not the item. */
  readonly judges: Readonly<Record<string, string>>;
  readonly tasks: readonly string[];
  /** Task -> its ranking features, whose values are with the samples. */
  readonly ranking: Readonly<Record<string, readonly RankingFeature[]>>;
  /** The same of tasks that read features beside a candidate. */
  readonly reads?: Readonly<Record<string, readonly RankingFeature[]>>;
  /** Classes of the tasks about the user alone, whose samples have no candidate. */
  readonly classes: Readonly<Record<string, number>>;
  /** segment -> user -> events; a later segment knows more users. */
  readonly segments: readonly (readonly (readonly WorldEvent[])[])[];
  readonly requests: readonly WorldRequest[];
}

const SHOPS = 15;

interface WorldSize {
  readonly items: number;
  readonly users: number;
  readonly segments: number;
  readonly requests: number;
  readonly meanEvents: number;
  readonly samples: number;
}

const SMALL_WORLD: WorldSize = {
  items: 60,
  users: 40,
  segments: 3,
  requests: 700,
  meanEvents: 12,
  samples: 3,
};

const field = (name: string, rows: number, multiValued = false): FieldManifest => ({
  name,
  rows,
  buckets: 2,
  values: rows - 3,
  multiValued,
  vocabularyHash: '',
});

/**
 * Some items have no tag, every fifth user has no event, the last users are unknown to the first segment, and some
 * requests have no sample of one task or of both.
 */
export function makeWorld(seed: number, size: WorldSize = SMALL_WORLD): World {
  const { uniform } = createRandom(seed);
  const levels = createRandom(seed, 'levels');
  const words = createRandom(seed, 'words');
  const numbers = createRandom(seed, 'numbers');
  const integer = (below: number) => Math.floor(uniform() * below);
  const list = <T>(length: number, make: (index: number) => T) => Array.from({ length }, (_, i) => make(i));
  const fields: World['fields'] = {
    item: [field('item', size.items + 3), field('brand', 9), field('tags', 20, true)],
    properties: [
      { ...field('behavior', 6), stride: 1 },
      { ...field('hour', 27), stride: 6 },
    ],
    user: [field('age', 11), field('device', 5)],
    query: field('word', 14, true),
  };
  const items = {
    item: list(size.items, () => integer(size.items + 3)),
    brand: list(size.items, () => integer(9)),
    tags: list(size.items, (row) => (row % 4 === 0 ? [] : list(1 + integer(4), () => integer(20)))),
  };
  const segments = list(size.segments, (segment) => {
    const known = segment === 0 ? size.users - 5 : size.users;
    return list(known, (user) => {
      const count = user % 5 === 0 ? 0 : integer((2 * size.meanEvents) / size.segments + 1);
      const times = list(count, () => 1000 * segment + integer(1000)).sort((a, b) => a - b);
      return times.map((time) => ({ item: integer(size.items), code: integer(6 * 27), time }));
    });
  });
  const sample = () => ({ item: integer(size.items), label: integer(2), weight: 1 + integer(4) / 4 });
  const requests = list(size.requests, () => {
    const user = integer(size.users);
    const total = segments.reduce((sum, users) => sum + (users[user]?.length ?? 0), 0);
    return {
      user,
      time: integer(1000 * size.segments),
      end: integer(total + 1),
      split: uniform() < 0.7 ? 0 : 1 + integer(2),
      fields: { age: integer(11), device: integer(5) },
      query: list(words.integer(4), () => words.integer(14)),
      samples: {
        ctr: list(integer(2 * size.samples + 1), sample),
        buy: list(uniform() < 0.6 ? 0 : 1, sample),
        follow: list(levels.integer(3), () => ({
          item: levels.integer(SHOPS),
          label: levels.integer(2),
          weight: 1,
        })),
        order: list(levels.integer(3), () => ({
          item: levels.integer(size.items),
          label: levels.integer(2),
          weight: 1 + levels.integer(3),
          features: [1, levels.integer(8) / 4, -levels.integer(8) / 4],
        })),
        level: list(levels.integer(3), () => ({
          item: NO_CANDIDATE,
          label: levels.integer(4),
          weight: 1 + levels.integer(4) / 4,
        })),
      },
    };
  }).sort((a, b) => a.split - b.split);
  const shops = {
    brand: list(SHOPS, () => levels.integer(9)),
    style: list(SHOPS, () => levels.integer(6)),
    tags: list(SHOPS, (row) => (row % 3 === 0 ? [] : list(1 + levels.integer(3), () => levels.integer(20)))),
  };
  return {
    items,
    fields,
    entities: { shop: shops },
    entityFields: {
      shop: [
        { ...field('brand', 9), shares: 'brand' },
        field('style', 6),
        { ...field('tags', 20, true), shares: 'tags' },
      ],
    },
    numbers: {
      item: {
        names: ['price', 'rating'],
        rows: list(size.items, () => list(2, () => numbers.integer(9) / 4 - 1)),
      },
      shop: { names: ['sales'], rows: list(SHOPS, () => [numbers.integer(9) / 4 - 1]) },
    },
    judges: { follow: 'shop' },
    ranking: { order: ['constant', 'price', 'sales'].map((name) => ({ name, mean: 0, deviation: 1 })) },
    tasks: ['ctr', 'buy', 'level', 'follow', 'order'],
    classes: { level: 4 },
    segments,
    requests,
  };
}

/** The events of a user before a request, the latest `maxEvents`: by the definition, no offsets involved. */
export function windowOf(world: World, request: WorldRequest, maxEvents: number): WorldEvent[] {
  const events = world.segments.flatMap((users) => users[request.user] ?? []);
  return events.slice(0, request.end).slice(-maxEvents);
}
