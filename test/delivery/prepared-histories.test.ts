/** What prepared data knows of a user at any moment, over several segments, is what the events before it say. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentContext } from '../../src/common/context.js';
import { MISSING_INDEX } from '../../src/common/prepared.js';
import { parseConfig } from '../../src/config/load.js';
import { withDatabase } from '../../src/delivery/database.js';
import { openHistories } from '../../src/delivery/predict/prepared-histories.js';
import { preprocess } from '../../src/preprocess/preprocess.js';
import { DAY, randomWorld, START, writeWorld } from '../preprocess/world.js';
import { cases } from '../thorough.js';
import { openEncoder } from './open-encoder.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dupn-histories-'));
});
afterAll(() => rm(folder, { recursive: true }));

const [DEVICE, AGE] = [0, 1];

test.each(cases([1], [2]))('at every moment, in world %i', async (seed) => {
  const random = randomWorld(seed, 300);
  // The first events have a device that is too rare for the vocabulary, until more of them come.
  const events = random.events.map((event, at) => (at % 20 === 3 ? { ...event, device: 'watch' } : event));
  const world = { ...random, events };
  const yaml = (await writeWorld(join(folder, `data-${seed}`), world))
    .replace('evaluationFrom: 2020-01-09 08:00:00', 'evaluationFrom: 2020-01-05')
    .replace('from: lastEvent }', 'from: lastEvent, minCount: 12 }');
  const target = join(folder, `prepared-${seed}`);
  const at = (to: string) =>
    parseConfig(yaml.replace('files: events.csv,', `files: events.csv, ${to}`), join(folder, 'world.yaml'));
  for (const to of ['to: 2020-01-06,', 'to: 2020-01-08,', '']) {
    await preprocess({ config: at(to), folder: target, force: false, update: true, context: silentContext });
  }
  const config = at('');
  const { encoder, prepared, catalogues } = await openEncoder(config, target);
  expect(prepared.segments.length).toBe(3);
  expect(prepared.manifest.fields.user[DEVICE]!.earlier?.length).toBeGreaterThan(0);
  await withDatabase(async (connection) => {
    const histories = openHistories(connection, config, prepared, catalogues.items);
    const ids = [...new Set(world.events.map(({ user }) => user)), 'nobody'];
    const users = await histories.find(ids);
    expect([...users.keys()].sort()).toEqual(ids.slice(0, -1).sort());
    for (const [id, user] of users) {
      const stream = world.events.filter((event) => event.user === id).sort((a, b) => a.time - b.time);
      const moments = [START - DAY, ...stream.flatMap(({ time }) => [time, time + 1]), START + 20 * DAY];
      for (const moment of moments) {
        const before = stream.filter(({ time }) => time < moment);
        const end = histories.countBefore(user, moment);
        expect(end).toBe(before.length);
        const { events, last, profile } = histories.read(user, end, 7);
        const expected = before
          .slice(-7)
          .map(({ item, time, behavior, shop, device }) =>
            encoder.event({ timeUs: time * 1e6, item: { id: item }, values: { behavior, shop, device } }),
          );
        expect(events.map(({ code }) => code)).toEqual(expected.map(({ code }) => code));
        expect(events.map(({ item }) => item.fields)).toEqual(expected.map(({ item }) => item.fields));
        const device = before.at(-1)?.device;
        expect(last(DEVICE)).toBe(before.length > 0 ? encoder.userRow(DEVICE, { device }) : MISSING_INDEX);
        const age = world.users.find((row) => row.user === id)?.age;
        expect(profile(AGE)).toBe(encoder.userRow(AGE, { age }));
      }
    }
    histories.close();
  });
  prepared.close();
});

test('data that lacks what is known between requests is refused', async () => {
  const config = parseConfig(
    await writeWorld(join(folder, 'data'), randomWorld(3, 50)),
    join(folder, 'world.yaml'),
  );
  const target = join(folder, 'old');
  await preprocess({ config, folder: target, force: false, context: silentContext });
  const { prepared, catalogues } = await openEncoder(config, target);
  const files = Object.fromEntries(
    Object.entries(prepared.manifest.files).filter(([path]) => !/user-/.test(path)),
  );
  await withDatabase(async (connection) => {
    const old = { ...prepared, manifest: { ...prepared.manifest, files } };
    expect(() => openHistories(connection, config, old, catalogues.items)).toThrow(
      /expected streams\/user-age.i32, got prepared data of an earlier version; run dupn preprocess --force/,
    );
  });
  prepared.close();
});
