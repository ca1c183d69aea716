/** `dupn generate`: a log of which the truth is known (docs/synthetic-log.md), hour by hour, so that only the people are kept. */
import { mkdir } from 'node:fs/promises';
import type { Context } from '../common/context.js';
import { createRandom, type Random } from '../common/random.js';
import { createCatalogue } from './catalogue.js';
import type { Mode } from './choice.js';
import { writeEntityTables, writeTruthOfUsers } from './entity-tables.js';
import { createFashion } from './fashion.js';
import { LogFiles } from './log-files.js';
import type { GenerateOptions } from './options.js';
import { countArrived } from './page.js';
import { createPerson, type Person, passNight } from './person.js';
import { simulateSession, type Today } from './session.js';

export interface GenerateResult {
  readonly folder: string;
  /** File -> rows. */
  readonly files: Readonly<Record<string, number>>;
}

const DAY_SECONDS = 86_400;
const HOUR_SECONDS = 3600;

/** Writes the files into `folder`, which is made; files of the same names are written over. */
export async function generateLog(
  folder: string,
  options: GenerateOptions,
  { progress, logger }: Context,
): Promise<GenerateResult> {
  const { seed, users, days, brands, signal, start, truth } = options;
  await mkdir(folder, { recursive: true });
  const bar = progress.start('generate', days);
  const catalogue = createCatalogue(options);
  const people = Array.from({ length: users }, (_, at) => createPerson(seed, at, brands));
  const entities = await writeEntityTables(folder, catalogue, people);
  const { fashion, nextDay } = createFashion(seed);
  const files = new LogFiles(folder, catalogue, { truth });
  const firstDay = Date.parse(`${start}T00:00:00Z`) / 1000;
  let counts: Record<string, number>;
  try {
    for (let day = 0; day < days; day++) {
      const random = createRandom(seed, 'day', day);
      if (day > 0) {
        nextDay();
        for (const person of people) passNight(person, day, random);
      }
      const arrived = countArrived(catalogue, day);
      const today = { day, catalogue, arrived, fashion, signal, random };
      await simulateDay(people, today, firstDay + day * DAY_SECONDS, files, (share) =>
        bar.update(day + share, { events: files.numEvents }),
      );
    }
  } finally {
    counts = await files.close();
    bar.stop();
  }
  const written = { ...entities, ...counts, ...(truth ? await writeTruthOfUsers(folder, people) : {}) };
  logger.info({ folder, ...written }, 'generated');
  return { folder, files: written };
}

/** A part of the day in which people may be there: hours at which sessions begin, and the chance of an errand. */
interface PartOfDay {
  readonly hours: readonly [from: number, below: number];
  readonly errand: { readonly weekday: number; readonly weekend: number };
}

const PARTS_OF_DAY: readonly PartOfDay[] = [
  { hours: [7, 11], errand: { weekday: 0.85, weekend: 0.2 } },
  { hours: [18, 22], errand: { weekday: 0.15, weekend: 0.2 } },
];

const HOURS_OF_DAY = PARTS_OF_DAY.reduce((sum, { hours: [from, below] }) => sum + below - from, 0);

/** Chance of a session in a part of the day, of somebody whose activity is 1. */
const SESSION = 0.6;

async function simulateDay(
  people: readonly Person[],
  today: Today,
  dayStart: number,
  files: LogFiles,
  onHour: (shareOfDay: number) => void,
): Promise<void> {
  const weekday = new Date(dayStart * 1000).getUTCDay();
  const dayKind = weekday === 0 || weekday === 6 ? 'weekend' : 'weekday';
  const { random } = today;
  let hoursDone = 0;
  for (const { hours, errand } of PARTS_OF_DAY) {
    const hourOf = drawHours(people, hours, random);
    for (let hour = hours[0]; hour < hours[1]; hour++) {
      const hourStart = dayStart + hour * HOUR_SECONDS;
      await files.writeBefore(hourStart);
      for (const [at, person] of people.entries()) {
        if (hourOf[at] !== hour) continue;
        const mode: Mode = random.uniform() < errand[dayKind] ? 'errand' : 'leisure';
        simulateSession(person, mode, hourStart + random.integer(HOUR_SECONDS), today, files);
      }
      onHour(++hoursDone / HOURS_OF_DAY);
    }
  }
}

/** Person -> the hour at which a session begins, 0 for none. */
function drawHours(
  people: readonly Person[],
  [from, below]: readonly [number, number],
  random: Random,
): Uint8Array {
  return Uint8Array.from(people, ({ activity }) =>
    random.uniform() < SESSION * activity ? from + random.integer(below - from) : 0,
  );
}
