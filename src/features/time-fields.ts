/** Property fields that are read off the clock: the hour, the part of the day, the day of the week. */

export type TimeField = 'hour' | 'partOfDay' | 'halfOfDay' | 'dayOfWeek' | 'weekend';

const PARTS_OF_DAY = ['night', 'morning', 'afternoon', 'evening'] as const;
const HALVES_OF_DAY = ['am', 'pm'] as const;
const DAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;
const WEEKEND = ['weekday', 'weekend'] as const;

/** Names of the values, and how to number them from the local hour (0-23) and the day of the week (0 = Monday). */
const DEFINITIONS: Readonly<
  Record<
    TimeField,
    {
      readonly names: readonly string[];
      readonly number: (hour: number, day: number) => number;
      readonly sql: (hour: string, day: string) => string;
    }
  >
> = {
  hour: {
    names: Array.from({ length: 24 }, (_, hour) => `${hour}`),
    number: (hour) => hour,
    sql: (hour) => hour,
  },
  partOfDay: {
    names: PARTS_OF_DAY,
    number: (hour) => Math.floor(hour / 6),
    sql: (hour) => `floor_div(${hour}, 6)`,
  },
  halfOfDay: {
    names: HALVES_OF_DAY,
    number: (hour) => Math.floor(hour / 12),
    sql: (hour) => `floor_div(${hour}, 12)`,
  },
  dayOfWeek: { names: DAYS, number: (_, day) => day, sql: (_, day) => day },
  weekend: {
    names: WEEKEND,
    number: (_, day) => Number(day >= 5),
    sql: (_, day) => `CASE WHEN ${day} >= 5 THEN 1 ELSE 0 END`,
  },
};

/** 1970-01-01 was a Thursday, the fourth day of a week that starts on Monday. */
const FIRST_DAY = 3;

/** All values of the field, in their order. */
export const timeFieldNames = (field: TimeField): readonly string[] => DEFINITIONS[field].names;

/** The place among them at a moment given as seconds since 1970 on the local clock. */
export function timeFieldNumber(field: TimeField, localSeconds: number): number {
  const day = Math.floor(localSeconds / 86_400);
  const hour = Math.floor((localSeconds - day * 86_400) / 3600);
  return DEFINITIONS[field].number(hour, (((day + FIRST_DAY) % 7) + 7) % 7);
}

/** The value at that moment. */
export const timeFieldValue = (field: TimeField, localSeconds: number): string =>
  DEFINITIONS[field].names[timeFieldNumber(field, localSeconds)]!;

/** The same in SQL, of a BIGINT expression. */
export function timeFieldSql(field: TimeField, localSeconds: string): string {
  const { names, sql } = DEFINITIONS[field];
  const hour = `floor_mod(floor_div(${localSeconds}, 3600), 24)`;
  const day = `floor_mod(floor_div(${localSeconds}, 86400) + ${FIRST_DAY}, 7)`;
  const cases = names.map((name, number) => `WHEN ${number} THEN '${name}'`);
  return `CASE ${sql(hour, day)} ${cases.join(' ')} END`;
}
