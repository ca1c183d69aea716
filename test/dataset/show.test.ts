import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UserError } from '../../src/common/errors.js';
import { type ShownUser, showUser } from '../../src/dataset/show.js';
import { describeUser } from '../../src/dataset/show-text.js';
import type { ShownValue } from '../../src/dataset/shown-value.js';
import { makeWorld } from './prepared-world.js';
import { writeNames } from './write-names.js';
import { writeWorld } from './write-world.js';

const world = makeWorld(41);
const user = 12;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dupn-show-'));
  await writeWorld(folder, world);
  await writeNames(folder, world);
});
afterAll(() => rm(folder, { recursive: true }));

/** The fields of the world have two out-of-vocabulary buckets each. */
function expected(name: string, index: number): ShownValue {
  if (index === 0) return { index, kind: 'missing', value: null };
  if (index <= 2) return { index, kind: 'outOfVocabulary', value: null };
  return { index, kind: 'value', value: `${name}-${index}` };
}

describe('showUser', () => {
  const events = world.segments.flatMap((users) => users[user] ?? []);

  it.each([
    ['the end of the log', undefined],
    ['the middle of the log', 1500],
    ['the time of an event', events[4]!.time],
    ['the beginning', 0],
  ])('shows the window before %s, number by number', async (_, at) => {
    const shown = await showUser({
      folder,
      userId: 'u12',
      maxEvents: 6,
      ...(at === undefined ? {} : { at }),
    });
    const earlier = events.filter(({ time }) => at === undefined || time < at);
    expect(shown.user).toBe(12);
    expect(shown.events).toBe(earlier.length);
    expect(shown.window).toEqual(
      earlier.slice(-6).map(({ item, code, time }) => ({
        time,
        ageSeconds: shown.at - time,
        itemId: `item-${item}`,
        itemRow: item,
        item: Object.fromEntries(
          Object.entries(world.items).map(([name, values]) => [
            name,
            [values[item]!].flat().map((index) => expected(name, index)),
          ]),
        ),
        numbers: {
          price: { value: 0.5 * item, unit: world.numbers.item!.rows[item]![0] },
          rating: { value: item % 3 > 0 ? item : null, unit: world.numbers.item!.rows[item]![1] },
        },
        propertyCode: code,
        properties: {
          behavior: expected('behavior', code % 6),
          hour: expected('hour', Math.floor(code / 6)),
        },
      })),
    );
  });

  it('takes the profile from the latest request by then', async () => {
    for (const at of [500, 1500, 2900]) {
      const known = world.requests.filter((request) => request.user === user && request.time <= at);
      const latest = known.reduce((best, request) => (request.time > best.time ? request : best));
      const { profile } = await showUser({ folder, userId: 'u12', at, maxEvents: 6 });
      expect(profile).toEqual({
        time: latest.time,
        fields: {
          age: expected('age', latest.fields.age!),
          device: expected('device', latest.fields.device!),
        },
        query: latest.query.map((index) => expected('word', index)),
      });
    }
    expect((await showUser({ folder, userId: 'u12', at: 0, maxEvents: 6 })).profile).toBeNull();
  });

  it('shows a user without events as an empty window', async () => {
    expect(await showUser({ folder, userId: 'u10', maxEvents: 6 })).toMatchObject({ events: 0, window: [] });
  });

  it('says when there is no such user', async () => {
    const asked = showUser({ folder, userId: "u'12", maxEvents: 6 });
    await expect(asked).rejects.toThrow(UserError);
    await expect(asked).rejects.toThrow(/Cannot show user u'12: a user of /);
  });
});

describe('describeUser', () => {
  const value = (index: number, text: string): ShownValue => ({ index, kind: 'value', value: text });
  const shown: ShownUser = {
    userId: 'u1',
    user: 1,
    at: 1_476_950_400,
    events: 3,
    window: [
      {
        time: 1_476_950_400 - 3 * 86_400 - 4 * 3600,
        ageSeconds: 3 * 86_400 + 4 * 3600,
        itemId: 'shirt',
        itemRow: 17,
        item: {
          item: [{ index: 1, kind: 'outOfVocabulary', value: null }],
          tags: [value(4, 'red'), value(5, 'blue')],
          extras: [],
        },
        numbers: {},
        propertyCode: 9,
        properties: { behavior: { index: 0, kind: 'missing', value: null }, hour: value(3, '04') },
      },
    ],
    profile: { time: 1_476_950_395, fields: { age: value(3, '25-34') } },
  };

  it('writes a block for each behaviour, with the rows of the tables', () => {
    expect(describeUser(shown, 'Asia/Shanghai')).toEqual([
      'User u1 before 2016-10-20 16:00:00 (Asia/Shanghai): the latest 1 of 3 events',
      'Profile at the request of 2016-10-20 15:59:55: age=25-34 [3]',
      '',
      'step 0  2016-10-17 12:00:00  3d 4h before  shirt',
      '    item 17: item=(out of vocabulary) [1]  tags=red [4] + blue [5]  extras=(none)',
      '    property code 9: behavior=(missing) [0]  hour=04 [3]',
      '',
      'name=value [row of its embedding table]',
    ]);
  });

  it('writes the numbers of an item as they were read and as the model sees them', () => {
    const numbers = { price: { value: 1999.5, unit: -0.123_456 }, rating: { value: null, unit: 0 } };
    const lines = describeUser({ ...shown, window: [{ ...shown.window[0]!, numbers }] }, 'UTC');
    expect(lines[4]).toMatch(/ {2}extras=\(none\) {2}price=1999\.5 \(-0\.123\) {2}rating=\(missing\) \(0\)$/);
    expect(lines.at(-1)).toBe(
      'name=value [row of its embedding table], of numbers name=value (as the model sees it)',
    );
  });

  it.each([
    [0, '0m 0s'],
    [59, '0m 59s'],
    [3599, '59m 59s'],
    [7260, '2h 1m'],
    [86_400, '1d 0h'],
  ])('writes an age of %d seconds as %s', (ageSeconds, text) => {
    const event = { ...shown.window[0]!, ageSeconds };
    expect(describeUser({ ...shown, window: [event], profile: null }, 'UTC')[3]).toContain(
      `  ${text} before`,
    );
  });
});
