import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { silentContext } from '../../src/common/context.js';
import { SPLITS } from '../../src/common/prepared.js';
import { profileData } from '../../src/evaluation/profile-data.js';
import { makeWorld, type World } from '../dataset/prepared-world.js';
import { writeNames } from '../dataset/write-names.js';
import { writeWorld } from '../dataset/write-world.js';

/** Moments that are spread over half a year, with a change of the clocks in it. */
const spread = (world: World): World => {
  const later = <T extends { readonly time: number }>(moment: T) => ({ ...moment, time: moment.time * 5000 });
  return {
    ...world,
    segments: world.segments.map((users) => users.map((events) => events.map(later))),
    requests: world.requests.map(later),
  };
};

async function written(world: World): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'dupn-profile-'));
  await writeWorld(folder, world);
  await writeNames(folder, world);
  return folder;
}

function dayIn(timeZone: string): (seconds: number) => string {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' });
  return (seconds) => format.format(1000 * seconds);
}

/** How often each comes. */
function countsOf<T>(values: readonly T[]): Map<T, number> {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

function lengthsByHand({ requests }: World, maxEvents: number) {
  const bins = [[0], [1], [2], [3, 4], [5, 6, 7, 8], [9, 10, 11, 12, 13, 14, 15, 16]].map((bin) =>
    bin.filter((length) => length <= maxEvents),
  );
  return bins
    .filter((bin) => bin.length > 0)
    .map((bin) => ({
      behaviours: bin.length > 1 ? `${bin[0]}-${bin.at(-1)}` : `${bin[0]}`,
      requests: Object.fromEntries(
        SPLITS.map((name, at) => [
          name,
          requests.filter(({ split, end }) => split === at && bin.includes(Math.min(end, maxEvents))).length,
        ]),
      ),
    }));
}

/** The fields of the world have two out-of-vocabulary buckets each. */
const textOf = (field: string, index: number) =>
  index === 0 ? '(missing)' : index <= 2 ? '(out of vocabulary)' : `${field}-${index}`;

test.each([
  ['three segments', 'America/New_York', spread(makeWorld(7)), 12],
  ['windows that end a bin', 'Asia/Kathmandu', spread(makeWorld(8)), 5],
  [
    'more events than are read at once',
    'UTC',
    makeWorld(9, { items: 60, users: 40, segments: 1, requests: 300, meanEvents: 2500, samples: 1 }),
    16,
  ],
])('equals counting one by one: %s, %s', async (_, timeZone, world, maxEvents) => {
  const input = { preparedFolder: await written(world), timeZone, maxEvents };
  const profile = await profileData(input, silentContext.progress);
  const events = world.segments.flat(2);
  const dayOf = dayIn(timeZone);

  expect(profile.lengths).toEqual(lengthsByHand(world, maxEvents));

  const [behavior, hour] = profile.properties;
  const behaviors = countsOf(events.map(({ code }) => textOf('behavior', code % 6)));
  expect(behavior!.field).toBe('behavior');
  expect(new Map(behavior!.values.map(({ value, events }) => [value, events]))).toEqual(behaviors);
  expect(behavior!.values.map(({ events }) => events)).toEqual([...behaviors.values()].sort((a, b) => b - a));
  const hours = countsOf(events.map(({ code }) => textOf('hour', Math.floor(code / 6))));
  const [most, rest] = [hour!.values.slice(0, 20), hour!.values.slice(20)];
  const falling = [...hours.values()].sort((a, b) => b - a);
  expect(most.map(({ value }) => hours.get(value))).toEqual(falling.slice(0, 20));
  expect(most.map(({ events }) => events)).toEqual(falling.slice(0, 20));
  expect(rest).toEqual([{ value: '(other)', events: falling.slice(20).reduce((a, b) => a + b) }]);

  const eventDays = countsOf(events.map(({ time }) => dayOf(time)));
  const days = profile.eventsByDay;
  expect(new Map(days.flatMap(({ day, events }) => (events > 0 ? [[day, events]] : [])))).toEqual(eventDays);
  const [first, last] = [days[0]!, days.at(-1)!].map(({ day }) => Date.parse(day) / 86_400_000);
  expect(eventDays.has(days[0]!.day) && eventDays.has(days.at(-1)!.day)).toBe(true);
  expect(days.map(({ day }) => Date.parse(day) / 86_400_000)).toEqual(
    Array.from({ length: last! - first! + 1 }, (_, at) => first! + at),
  );

  const requestDays = countsOf(world.requests.map(({ time, split }) => `${dayOf(time)} ${split}`));
  expect(
    profile.requestsByDay.map(({ day, split, requests }) => [`${day} ${SPLITS.indexOf(split)}`, requests]),
  ).toEqual([...requestDays].sort(([a], [b]) => (a < b ? -1 : 1)));
});

test('the days without an event are there, and moments before 1970 on the clocks of the zone', async () => {
  const world = spread(makeWorld(7));
  const events = world.segments.flat(2);
  const moved = {
    ...world,
    segments: [
      [
        [
          { ...events[0]!, time: 3600 },
          { ...events[0]!, time: 400_000 },
        ],
      ],
    ],
  };
  const input = { preparedFolder: await written(moved), timeZone: 'America/New_York', maxEvents: 5 };
  expect((await profileData(input, silentContext.progress)).eventsByDay).toEqual([
    { day: '1969-12-31', events: 1 },
    { day: '1970-01-01', events: 0 },
    { day: '1970-01-02', events: 0 },
    { day: '1970-01-03', events: 0 },
    { day: '1970-01-04', events: 0 },
    { day: '1970-01-05', events: 1 },
  ]);
});

test('without properties and without an event there is nothing to count', async () => {
  const world = makeWorld(7);
  const bare: World = {
    ...world,
    fields: { ...world.fields, properties: [] },
    segments: [[[]]],
    requests: world.requests.map((request) => ({ ...request, end: 0 })),
  };
  const input = { preparedFolder: await written(bare), timeZone: 'UTC', maxEvents: 5 };
  const profile = await profileData(input, silentContext.progress);
  expect(profile.properties).toEqual([]);
  expect(profile.eventsByDay).toEqual([]);
  expect(profile.lengths).toEqual([
    {
      behaviours: '0',
      requests: Object.fromEntries(
        SPLITS.map((name, at) => [name, world.requests.filter(({ split }) => split === at).length]),
      ),
    },
  ]);
  expect(profile.rows).toEqual({});
});
