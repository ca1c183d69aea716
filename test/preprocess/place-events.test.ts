import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openDatabase, rowsOf } from '../../src/common/database.js';
import { createRandom } from '../../src/common/random.js';
import { loadConfig } from '../../src/config/load.js';
import { placeEvents } from '../../src/preprocess/place-events.js';

it('gives the same streams and histories whatever the number of users at a time', async () => {
  const config = await loadConfig('configs/ga.yaml', { env: {} });
  const random = createRandom(11);
  const numUsers = 40;
  const isNewFrom = 200;
  const events = Array.from({ length: 500 }, (_, ord) => ({
    // A few users have most of the events, some have none.
    user: Math.floor(numUsers * random.uniform() ** 3),
    timeUs: 1_000_000 * random.integer(50) + (ord < isNewFrom ? 0 : 100_000_000) + random.integer(2),
    ord,
    item: random.integer(1000),
    context: random.integer(3),
  }));
  const requests = Array.from({ length: 300 }, (_, request) => ({
    request,
    user: random.integer(numUsers),
    timeUs: 1_000_000 * random.integer(160),
  }));
  const ordered = [...events].sort((a, b) => a.user - b.user || a.timeUs - b.timeUs || a.ord - b.ord);
  const added = ordered.filter(({ ord }) => ord >= isNewFrom);
  const places = requests.map(({ request, user, timeUs }) => {
    const before = ordered.filter((event) => event.user === user && event.timeUs < timeUs);
    return [request, before.length, before.at(-1)?.context ?? -1];
  });
  const offsets = Array.from(
    { length: numUsers + 1 },
    (_, user) => added.filter((event) => event.user < user).length,
  );
  for (const pieceRows of [1, 60, 1e6]) {
    const folder = await mkdtemp(join(tmpdir(), 'dupn-place-'));
    const database = await openDatabase(folder, { memoryLimit: '300MB' });
    const { connection } = database;
    try {
      const rows = (values: readonly (readonly number[])[]) =>
        values.map((row) => `(${row.join(', ')})`).join(', ');
      await connection.run(`CREATE TABLE events AS SELECT * FROM (VALUES
        ${rows(events.map(({ user, timeUs, ord, item, context }) => [user, timeUs, ord, item, context]))})
        e(usr, time_us, ord, item, context)`);
      await connection.run(`CREATE TABLE request_keys AS SELECT * FROM (VALUES
        ${rows(requests.map(({ request, user, timeUs }) => [request, user, timeUs]))}) r(request, usr, time_us)`);
      await connection.run(
        `CREATE TABLE contexts AS SELECT * FROM (VALUES (0, 7, 1, 4), (1, 40000, 2, 5), (2, 9, 3, 6)) c(context, code, u0, u1)`,
      );
      const segments = [
        { segment: '0000', firstRow: 0 },
        { segment: '0001', firstRow: isNewFrom },
      ];
      await placeEvents(connection, { folder, work: folder }, config, numUsers, segments, pieceRows);
      const read = async (path: string) => (await readFile(join(folder, 'streams', path))).buffer;
      const last = '0001/';
      expect([...new Int32Array(await read(`${last}offsets.i32`))]).toEqual(offsets);
      expect([...new Int32Array(await read(`${last}item.i32`))]).toEqual(added.map(({ item }) => item));
      const codes = added.map(({ context }) => [7, 40000, 9][context]);
      expect([...new Uint16Array(await read(`${last}property.u16`))]).toEqual(codes);
      const seconds = added.map(({ timeUs }) => Math.floor(timeUs / 1e6));
      expect([...new Uint32Array(await read(`${last}time.u32`))]).toEqual(seconds);
      const devices = ordered.filter(({ ord }) => ord < isNewFrom).map(({ context }) => context + 1);
      expect([...new Int32Array(await read('0000/user-device.i32'))]).toEqual(devices);
      const channels = added.map(({ context }) => context + 4);
      expect([...new Int32Array(await read(`${last}user-channel.i32`))]).toEqual(channels);
      const found = await rowsOf(
        connection,
        'SELECT request, ends, context FROM request_places ORDER BY request',
      );
      expect(found).toEqual(places);
    } finally {
      database.close();
    }
  }
});
