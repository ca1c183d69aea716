/** Updates of prepared data: what is there stays where it is, and in the end all is as if it had come at once. */
import { appendFile, mkdtemp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { silentContext } from '../../src/common/context.js';
import { fileSha256 } from '../../src/common/files.js';
import { preparedPaths } from '../../src/common/prepared.js';
import { parseConfig } from '../../src/config/load.js';
import { openPrepared } from '../../src/dataset/prepared.js';
import { countEvents, findEvents } from '../../src/dataset/user-streams.js';
import { type PreprocessInput, preprocess } from '../../src/preprocess/preprocess.js';
import { cases, thorough } from '../thorough.js';
import { type Facts, readFacts } from './prepared-facts.js';
import { DAY, randomWorld, START, type World, writeWorld } from './world.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dupn-update-'));
});

/** Local midnight of Asia/Shanghai, `day` days into the world. */
const midnight = (day: number) => START + day * DAY - 8 * 3600;

/** Writes the events of the local days [from, to) to a file of their own. */
async function writeDays(world: World, from: number, to: number, name = `days-${from}-${to}.csv`) {
  const rows = world.events
    .filter(({ time }) => time >= midnight(from) && time < midnight(to))
    .map(
      (e) => `"${e.user}","${e.item.replaceAll('"', '""')}",${e.time},${e.behavior},${e.shop},${e.device}`,
    );
  await writeFile(
    join(folder, 'data', name),
    `${['user_id,item_id,time,behavior,shop,device', ...rows].join('\n')}\n`,
  );
  return name;
}

/** Prepares or updates `<folder>/<name>` from log files. */
function run(
  yaml: string,
  name: string,
  files: readonly string[],
  more: Partial<PreprocessInput> = { update: true },
) {
  const text = yaml.replace('files: events.csv', `files: [${files.join(', ')}]`);
  const config = parseConfig(text, join(folder, 'world.yaml'));
  return preprocess({ config, folder: join(folder, name), force: false, context: silentContext, ...more });
}

const facts = (name: string) => readFacts(join(folder, name));

/** Value -> count, and whether it has an index. */
const counted = ({ vocabularies }: Facts) =>
  Object.fromEntries(
    Object.entries(vocabularies).map(([field, values]) => [
      field,
      Object.fromEntries(
        [...values].map(([value, [count, index]]) => [value, [count, index !== null]]).sort(),
      ),
    ]),
  );

const sorted = (streams: Facts['streams']) => [...streams].sort(([a], [b]) => (a < b ? -1 : 1));

async function checksums(name: string): Promise<Record<string, string>> {
  const entries = await readdir(join(folder, name), { recursive: true, withFileTypes: true });
  const sums: Record<string, string> = {};
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    sums[path] = await fileSha256(path);
  }
  return sums;
}

/** A world whose first days are prepared with an evaluation part, in files of its days. */
async function worldInDays(seed: number) {
  const random = randomWorld(seed, 400);
  // Items that come late, and only as candidates, in the log or in the table of items.
  const events = random.events.map((event, at) =>
    at % 40 === 7 ? { ...event, item: `late ${at % 3}` } : event,
  );
  const world = { ...random, events };
  const yaml = (await writeWorld(join(folder, 'data'), world)).replace(
    'evaluationFrom: 2020-01-09 08:00:00',
    'evaluationFrom: 2020-01-05',
  );
  const names = [];
  for (const [from, to] of [
    [0, 6],
    [6, 8],
    [8, 12],
  ] as const) {
    names.push(await writeDays(world, from, to));
  }
  return { world, yaml, names };
}

test.each(cases([1], [2, 3]))(
  'two updates are one larger update, in all that they say, world %i',
  async (seed) => {
    const { yaml, names } = await worldInDays(seed);
    await run(yaml, 'steps', names.slice(0, 1));
    const first = await facts('steps');
    expect(first.manifest).toMatchObject({ coveredTo: '2020-01-06T16:00:00.000Z', updateFrom: null });
    const one = await run(yaml, 'steps', names.slice(0, 2));
    const middle = await facts('steps');
    const two = await run(yaml, 'steps', names);
    const last = await facts('steps');

    await run(yaml, 'leap', names.slice(0, 1));
    await run(yaml, 'leap', names);
    const leap = await facts('leap');
    await run(yaml, 'whole', names, {});
    const whole = await facts('whole');

    expect(counted(last)).toEqual(counted(leap));
    expect(sorted(last.streams)).toEqual(sorted(leap.streams));
    expect(sorted(last.streams)).toEqual(sorted(whole.streams));
    expect([...last.users].sort()).toEqual([...whole.users].sort());
    expect([...last.items].sort()).toEqual([...leap.items].sort());
    expect([...last.users].sort()).toEqual([...leap.users].sort());
    for (const task of Object.keys(leap.samples)) {
      const steps = [...middle.samples[task]!, ...last.samples[task]!].sort();
      expect(steps, task).toEqual(leap.samples[task]);
      // Histories reach over all segments: the same samples have the same number of earlier events.
      const all = new Set(whole.samples[task]);
      expect(steps.every((sample) => all.has(sample))).toBe(true);
    }
    expect(last.manifest.events).toBe(whole.manifest.events);
    expect(last.manifest).toMatchObject({
      updateFrom: middle.manifest.coveredTo!,
      segments: ['0000', '0001', '0002'],
      evaluationTo: null,
      lastEvent: whole.manifest.lastEvent!,
      firstEvent: whole.manifest.firstEvent!,
    });
    expect(last.manifest.requestsBySplit.evaluation).toBe(0);
    expect(last.manifest.inputs.map(({ path }) => path)).toEqual(expect.arrayContaining(names));
    expect(two.update).toMatchObject({
      from: middle.manifest.coveredTo!,
      to: last.manifest.coveredTo!,
      events: last.manifest.events - middle.manifest.events,
      users: last.users.length - middle.users.length,
      items: last.items.length - middle.items.length,
    });
    expect(one.update!.events + two.update!.events).toBe(last.manifest.events - first.manifest.events);

    // What was there has its number still.
    for (const [before, after] of [
      [first, middle],
      [middle, last],
    ] as const) {
      expect(after.users.slice(0, before.users.length)).toEqual(before.users);
      expect(after.items.slice(0, before.items.length)).toEqual(before.items);
      for (const [field, values] of Object.entries(before.vocabularies)) {
        for (const [value, [, index]] of values) {
          if (index !== null)
            expect(after.vocabularies[field]!.get(value)![1], `${field} ${value}`).toBe(index);
        }
      }
      expect(after.manifest.fields.itemNumbers).toEqual(before.manifest.fields.itemNumbers);
      expect(after.manifest.entities.shop!.numbers).toEqual(before.manifest.entities.shop!.numbers);
      expect(after.manifest.tasks.orders!.features).toEqual(before.manifest.tasks.orders!.features);
      expect(after.manifest.fields.properties.map(({ rows, stride }) => [rows, stride])).toEqual(
        before.manifest.fields.properties.map(({ rows, stride }) => [rows, stride]),
      );
    }
  },
);

test('counts go on: those of the log as over all of it, those of requests added up', async () => {
  const { world, yaml, names } = await worldInDays(4);
  await run(yaml, 'out', names.slice(0, 1));
  const first = await facts('out');
  await run(yaml, 'out', names);
  const last = await facts('out');
  const devices = new Map<string, number>();
  for (const { device } of world.events) {
    if (device !== '') devices.set(device, (devices.get(device) ?? 0) + 1);
  }
  expect(new Map([...last.vocabularies['user/device']!].map(([value, [count]]) => [value, count]))).toEqual(
    devices,
  );
  const met = new Set(world.events.map(({ user }) => user));
  for (const [age, [count]] of last.vocabularies['user/age']!) {
    expect(count).toBe(world.users.filter((user) => user.age === age && met.has(user.user)).length);
  }
  const pages = (of: Facts) =>
    [...of.vocabularies['user/page']!.values()].reduce((sum, [count]) => sum + count, 0);
  expect(pages(last)).toBeGreaterThan(pages(first));
});

test('windows go over segments', async () => {
  const { yaml, names } = await worldInDays(5);
  await run(yaml, 'out', names.slice(0, 1));
  await run(yaml, 'out', names.slice(0, 2));
  const prepared = openPrepared(join(folder, 'out'));
  const { user, end } = prepared.requests;
  let crossing = 0;
  for (let request = 0; request < user.length; request++) {
    const pieces = findEvents(
      prepared.segments,
      user.at(request),
      Math.max(0, end.at(request) - 30),
      end.at(request),
    );
    if (pieces.length > 1) crossing++;
    const times = pieces.flatMap(({ segment, start, end: to }) => [...segment.times.read(start, to)]);
    expect(times.every((time, at) => at === 0 || time >= times[at - 1]!)).toBe(true);
    expect(times.every((time) => time <= prepared.requests.time.at(request))).toBe(true);
    expect(countEvents(prepared.segments, user.at(request))).toBeGreaterThanOrEqual(end.at(request));
  }
  expect(crossing).toBeGreaterThan(0);
  prepared.close();
});

test('a value that crosses minCount later gets the next index, and its old rows too', async () => {
  const { yaml } = await worldInDays(6);
  const rows = (day: number, count: number, item: string) =>
    Array.from({ length: count }, (_, at) => `u0,${item},${midnight(day) + at},click,s1,phone`).join('\n');
  await appendFile(join(folder, 'data', 'days-0-6.csv'), `${rows(1, 2, 'rare')}\n`);
  await appendFile(join(folder, 'data', 'days-6-8.csv'), `${rows(6, 1, 'rare')}\n${rows(6, 5, 'fresh')}\n`);
  await run(yaml, 'out', ['days-0-6.csv']);
  const before = await facts('out');
  expect(before.vocabularies['item/item']!.get('rare')).toEqual([2, null]);
  const { update } = await run(yaml, 'out', ['days-0-6.csv', 'days-6-8.csv']);
  const after = await facts('out');
  const [was, is] = [before.manifest.fields.item[0]!, after.manifest.fields.item[0]!];
  const indexes = ['fresh', 'rare'].map((value) => after.vocabularies['item/item']!.get(value)!);
  expect(indexes.map(([count]) => count)).toEqual([5, 3]);
  expect(indexes.every(([, index]) => index! >= was.rows && index! < is.rows)).toBe(true);
  expect(indexes[0]![1]!).toBeLessThan(indexes[1]![1]!);
  expect(is.earlier).toEqual([{ rows: was.rows, vocabularyHash: was.vocabularyHash }]);
  expect(update!.grown['item/item']).toBe(is.rows - was.rows);
  expect(Object.keys(update!.grown).some((field) => field.startsWith('properties/'))).toBe(false);
  const values = await readFile(join(folder, 'out', preparedPaths.itemField('item')));
  const row = before.items.findIndex((item) => item.startsWith('rare'));
  expect(values.readInt32LE(4 * row)).toBe(indexes[1]![1]);
});

test('what comes late is rejected with its place, and fails the update where it is much', async () => {
  const { yaml, names } = await worldInDays(7);
  await run(yaml, 'out', names.slice(0, 1));
  const before = await checksums('out');
  const name = 'new.csv';
  await writeFile(
    join(folder, 'data', name),
    `user_id,item_id,time,behavior,shop,device\nu0,x,${midnight(7)},click,s1,phone\nu0,x,${midnight(6) - 1},click,s1,phone\n`,
  );
  await expect(run(yaml, 'out', [names[0]!, name])).rejects.toThrow(/new\.csv:3 late/);
  expect(await checksums('out')).toEqual(before);
  const lenient = yaml.replace('timeZone:', 'maxRejectRatio: 0.5\n  timeZone:');
  const { manifest } = await run(lenient, 'out', [names[0]!, name]);
  expect(manifest.rows.log).toMatchObject({ read: 2, kept: 1, rejected: 1 });
  const rejects = await readFile(join(folder, 'out', preparedPaths.rejects('log')), 'utf8');
  expect(rejects).toMatch(/^new\.csv,3,\d+,time,"late/m);
});

test('a file that has grown is read again for what is new; twice the same is nothing new', async () => {
  const { world, yaml, names } = await worldInDays(8);
  const [name] = names as [string];
  await run(yaml, 'out', [name]);
  expect((await run(yaml, 'out', [name])).skipped).toBe(true);
  const old = (await readFile(join(folder, 'data', name), 'utf8')).trim().split('\n').length - 1;
  const rows = (await readFile(join(folder, 'data', names[1]!), 'utf8')).split('\n').slice(1).join('\n');
  await appendFile(join(folder, 'data', name), rows);
  const { manifest, skipped } = await run(yaml, 'out', [name]);
  expect(skipped).toBe(false);
  expect(manifest.rows.log!.filteredBy).toEqual({ 'covered by an earlier preparation': old });
  expect(manifest.inputs.find(({ path }) => path === name)!.bytes).toBe(
    (await stat(join(folder, 'data', name))).size,
  );
  const before = await checksums('out');
  const again = await run(yaml, 'out', [name]);
  expect([again.skipped, again.update]).toEqual([true, null]);
  // A new file with nothing new in it, too.
  await writeDays(world, 20, 21);
  expect((await run(yaml, 'out', [name, 'days-20-21.csv'])).skipped).toBe(true);
  expect(await checksums('out')).toEqual(before);
});

test('data.log.to moves on through one file, day by day', async () => {
  const { world, yaml } = await worldInDays(9);
  const name = await writeDays(world, 0, 12);
  const until = (day: string) => yaml.replace('log: {', `log: { to: 2020-01-${day},`);
  for (const day of ['07', '08', '09', '10', '15']) {
    const { manifest } = await run(until(day), 'steps', [name]);
    expect(manifest.coveredTo).toBe(new Date(Date.parse(`2020-01-${day}T00:00:00+08:00`)).toISOString());
    expect((await run(until(day), 'steps', [name])).skipped).toBe(true);
  }
  await run(yaml, 'whole', [name], {});
  expect(sorted((await facts('steps')).streams)).toEqual(sorted((await facts('whole')).streams));
  await expect(run(until('09'), 'steps', [name])).rejects.toThrow(
    /data\.log\.to from 2020-01-14T16.* got 2020-01-09/,
  );
});

test('other settings, and a folder without a kept log, are refused with nothing touched', async () => {
  const { yaml, names } = await worldInDays(10);
  await run(yaml, 'plain', names.slice(0, 1), {});
  await expect(run(yaml, 'plain', names)).rejects.toThrow(/dupn preprocess --update --force/);
  await run(yaml, 'out', names.slice(0, 1));
  const before = await checksums('out');
  const other = yaml.replace('minCount: 3', 'minCount: 2').replace('classes: 3', 'classes: 4');
  await expect(run(other, 'out', names)).rejects.toThrow(
    /other settings.*\n.*features\.item\.item\.minCount: was 3, now 2\n.*tasks\.levels\.classes: was 3, now 4$/,
  );
  await expect(run(yaml, 'out', names, {})).rejects.toThrow(/kept for updates, and reaches to 2020-01-06T16/);
  expect(await checksums('out')).toEqual(before);
  const moved = yaml.replace(/split: .*/, 'split: { evaluationLastDays: 1, validationLastDays: 2 }');
  expect((await run(moved, 'out', names)).update!.events).toBeGreaterThan(0);
  expect((await run(yaml, 'out', names, { update: true, force: true })).manifest.segments).toEqual(['0000']);
});

test('old segments are the same files, and the items table tells what items have now', async () => {
  const { yaml, names } = await worldInDays(11);
  await run(yaml, 'out', names.slice(0, 1));
  const before = await stat(join(folder, 'out', preparedPaths.streamItems('0000')));
  const first = await facts('out');
  const path = join(folder, 'data', 'items.csv');
  const lines = (await readFile(path, 'utf8')).split('\n');
  const brand = lines[1]!.split(',')[1];
  lines[1] = lines[1]!.replace(/^([^,]*),[^,]*,/, `$1,${brand === 'b1' ? 'b2' : 'b1'},`);
  await writeFile(path, [lines[0], lines[1], ...lines.slice(4)].join('\n'));
  await run(yaml, 'out', names.slice(0, 2));
  const after = await stat(join(folder, 'out', preparedPaths.streamItems('0000')));
  expect(after.ino).toBe(before.ino);
  const last = await facts('out');
  const changed = first.items.flatMap((item, row) => (last.items[row] === item ? [] : [item.split(' ')[0]]));
  expect(new Set(changed)).toEqual(new Set([lines[1]!.split(',')[0]]));
});

test.runIf(thorough)(
  'the same bytes come out at 1 and 2 threads',
  async () => {
    // More rows than threads take at once (122,880), in the kept log and among the new events.
    const random = randomWorld(12, 300_000);
    const events = random.events.map((event, at) => ({
      ...event,
      user: `u${at % 2000}`,
      time: event.time + (at % 7200),
    }));
    const world = { ...random, events };
    const yaml = await writeWorld(join(folder, 'data'), world);
    const names = [await writeDays(world, 0, 5), await writeDays(world, 5, 12)];
    for (const threads of [1, 2]) {
      const text = `${yaml}preprocess: { threads: ${threads} }\n`;
      await run(text, `by-${threads}`, names.slice(0, 1));
      await run(text, `by-${threads}`, names);
    }
    const bytes = async (name: string) =>
      Object.entries(await checksums(name)).flatMap(([path, sum]) =>
        path.endsWith('manifest.json') ? [] : [[path.slice(join(folder, name).length), sum]],
      );
    expect(await bytes('by-2')).toEqual(await bytes('by-1'));
  },
  120_000,
);
