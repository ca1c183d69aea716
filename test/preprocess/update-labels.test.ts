/** Labels from the log over a chain of updates: each sample comes once, with the update that decides it. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { silentContext } from '../../src/common/context.js';
import { createRandom } from '../../src/common/random.js';
import { parseConfig } from '../../src/config/load.js';
import { preprocess } from '../../src/preprocess/preprocess.js';
import { cases } from '../thorough.js';
import { readFacts } from './prepared-facts.js';

const HOUR = 3600;
const START = 1_577_836_800 - 8 * HOUR; // 2020-01-01 00:00:00 in Asia/Shanghai
const DAYS = 10;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dupn-update-labels-'));
});

interface Event {
  readonly user: string;
  readonly time: number;
}

/** One file for each day, and the events of all of them. */
async function writeLog(seed: number): Promise<{ names: readonly string[]; events: readonly Event[] }> {
  const events: Event[] = [];
  const random = createRandom(seed, 'updates');
  const pick = <T>(values: readonly T[]): T => values[random.integer(values.length)]!;
  const names: string[] = [];
  const shown: string[] = [];
  for (let day = 0; day < DAYS; day++) {
    const rows = Array.from({ length: 60 }, () => {
      const time = START + day * 24 * HOUR + random.integer(96) * (HOUR / 4);
      const user = pick(['a', 'b', 'c', 'd', 'e', 'f']);
      const item = `i${random.integer(12)}`;
      events.push({ user, time });
      if (random.integer(3) === 0) shown.push(`${user},${item},${time - random.integer(30) * HOUR}`);
      return `${user},${item},${time},${pick(['click', 'click', 'buy'])},${1 + random.integer(30)}`;
    });
    names.push(`day${day}.csv`);
    await writeFile(
      join(folder, names.at(-1)!),
      `${['user_id,item_id,time,behavior,price', ...rows].join('\n')}\n`,
    );
  }
  await writeFile(join(folder, 'shown.csv'), `${['user_id,item_id,time', ...shown].join('\n')}\n`);
  return { names, events };
}

/** How many sessions begin in [from, to). */
function sessionStarts(events: readonly Event[], from: number, to: number): number {
  return events.filter(({ user, time }, at) => {
    if (time < from || time >= to) return false;
    return !events.some(
      (other, place) =>
        other.user === user &&
        ((other.time < time && time - other.time <= 3 * HOUR) || (other.time === time && place < at)),
    );
  }).length;
}

const TASKS = ['session', 'day', 'found', 'click', 'level', 'rated'];

async function prepare(name: string, files: readonly string[], update: boolean) {
  const text = `
name: labels
data:
  root: ${folder}
  timeZone: Asia/Shanghai
  log: { files: [${files.join(', ')}], time: { column: time, format: seconds } }
features: { item: { item: { size: 4 } }, properties: { behavior: {} } }
split: { evaluationFrom: 2020-01-03 }
tasks:
  session:
    kind: binary
    labels: { requests: sessionStart, sessionGap: 3h, positives: { behavior: [buy] }, within: 1d, negatives: { by: uniform, perPositive: 2 } }
  day:
    kind: binary
    labels: { requests: dayStart, positives: { behavior: [buy] }, within: 1d, negatives: { perPositive: 1 } }
  found:
    kind: binary
    labels: { requests: positive, positives: { behavior: [buy] }, negatives: { perPositive: 1 } }
  click:
    kind: binary
    samples: { files: shown.csv, time: { column: time, format: seconds } }
    labels: { positives: { behavior: [click, buy] }, within: 30h }
  level:
    kind: multiclass
    classes: 3
    labels: { requests: sessionStart, sessionGap: 3h, next: { behavior: [buy] }, within: 12h, level: { column: price } }
  rated:
    kind: multiclass
    classes: 3
    samples: { files: shown.csv, time: { column: time, format: seconds } }
    labels: { next: { behavior: [buy] }, within: 2d, level: { column: price } }
`;
  const config = parseConfig(text, join(folder, 'labels.yaml'));
  const target = join(folder, name);
  await preprocess({ config, folder: target, force: false, update, context: silentContext });
  return readFacts(target);
}

/** Without the negatives that are drawn, which depend on what there is to draw from; those of a table are no draws. */
const certain = (task: string, samples: readonly string[]) =>
  samples.filter((sample) => !['session', 'day', 'found'].includes(task) || sample.split(' ')[4] === '1');

test.each(cases([1], [2]))('every decided sample comes exactly once, log %i', async (seed) => {
  const { names, events } = await writeLog(seed);
  const whole = await prepare('whole', names, false);
  const isEvaluated = (sample: string) => Number(sample.split(' ')[1]) >= (START + 2 * 24 * HOUR) * 1e6;
  const first = await prepare('steps', names.slice(0, 4), true);
  const collected = Object.fromEntries(
    TASKS.map((task) => [task, certain(task, first.samples[task]!).filter(isEvaluated)]),
  );
  const late = Object.fromEntries(TASKS.map((task) => [task, 0]));
  for (const days of [5, 7, 8, 10]) {
    const step = await prepare('steps', names.slice(0, days), true);
    const from = Date.parse(step.manifest.updateFrom!) * 1000;
    for (const task of TASKS) {
      collected[task]!.push(...certain(task, step.samples[task]!));
      late[task]! += step.samples[task]!.filter((sample) => Number(sample.split(' ')[1]) < from).length;
    }
    // Of the requests that the update decides, and all twelve items.
    const [since, until] = [step.manifest.updateFrom!, step.manifest.coveredTo!].map(
      (iso) => Date.parse(iso) / 1000 - 24 * HOUR,
    );
    const positives = certain('session', step.samples.session!).length;
    const negatives = step.samples.session!.length - positives;
    const rate = negatives / (12 * sessionStarts(events, since! + 1, until! + 1) - positives);
    expect(step.manifest.tasks.session!.negativeRate).toBeCloseTo(rate, 9);
    const { counts } = step.manifest.tasks.session!;
    expect(Object.values(counts.evaluation)).toEqual([]);
    expect(counts.training[0]! + (counts.validation[0] ?? 0)).toBeGreaterThan(0);
  }
  for (const task of TASKS) {
    const expected = certain(task, whole.samples[task]!).filter(isEvaluated);
    expect(expected.length, task).toBeGreaterThan(20);
    expect([...collected[task]!].sort(), task).toEqual(expected);
  }
  // Those whose horizon reached past the end of the log before.
  for (const task of ['session', 'click', 'level', 'rated']) expect(late[task], task).toBeGreaterThan(0);
  for (const task of ['day', 'found']) expect(late[task], task).toBe(0);
});
