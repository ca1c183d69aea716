import { expect, test } from 'vitest';
import { AppendedEvents } from '../../src/serving/appended-events.js';

const event = (timeUs: number, item = `i${timeUs}`) => ({ timeUs, item, values: {}, attributes: undefined });

test('events are kept in the order of their times, the latest of each user', () => {
  const events = new AppendedEvents(1e6, 3);
  expect(events.append('u', [event(5), event(2)])).toBe(2);
  const { version } = events.of('u');
  expect(events.append('u', [event(4), event(5, 'second')])).toBe(3);
  expect(events.of('u').events.map(({ item }) => item)).toEqual(['i4', 'i5', 'second']);
  expect(events.of('u').version).not.toBe(version);
  expect(events.of('other').events).toEqual([]);
});

test('the memory that it takes has an end, and the users met last are kept', () => {
  const events = new AppendedEvents(20_000, 10);
  for (let user = 0; user < 1000; user++) events.append(`u${user}`, [event(1), event(2)]);
  expect(events.bytes).toBeLessThanOrEqual(20_000);
  expect(events.users).toBeGreaterThan(20);
  expect(events.of('u999').events.length).toBe(2);
  expect(events.of('u0').events.length).toBe(0);
  // A user who comes again after that is at another state than before.
  const versions = new Set([events.of('u0').version]);
  for (let at = 0; at < 3; at++) {
    events.append('u0', [event(at)]);
    versions.add(events.of('u0').version);
  }
  expect(versions.size).toBe(4);
  expect(events.append('huge', [event(1, 'i'.repeat(20_000))])).toBe(0);
});
