import { afterEach, expect, test } from 'vitest';

const load = (file: string) => import(new URL(`../../bench/${file}`, import.meta.url).href);
const { attempt } = await load('attempt.js');
const { resultTables } = await load('table.js');

afterEach(() => {
  process.exitCode = undefined;
});

const measured = { events: 10_000_000, seconds: 20, peakRssBytes: 9e8, microsecondsPerEvent: 2 };

test('a size that fails is reported with its reason, beside those that were measured', async () => {
  const fails = async () => {
    throw new Error('dupn ended with 2:\nCannot prepare the data: too little memory\n  give it more');
  };
  const scaling = [
    await attempt({ events: 10_000_000 }, async () => measured),
    await attempt({ events: 50_000_000 }, fails),
  ];
  expect(process.exitCode).toBe(1);
  const compared = [await attempt({ format: 'csv', events: 10_000_000 }, fails)];
  const tables = resultTables({
    ratios: {},
    environment: {
      cpu: { model: 'a processor', threads: 2, features: [] },
      dupn: '1',
      commit: 'c',
      engine: {},
      versions: {},
    },
    parts: { preprocess: { compared, scaling, ratios: {} } },
  });
  const reason = 'failed: dupn ended with 2: Cannot prepare the data: too little memory';
  expect(tables).toContain('| 10,000,000 | 20 s | 2 us | 900 MB | - |');
  expect(tables).toContain(`| 50,000,000 | - | - | - | ${reason} |`);
  expect(tables).toContain(`| 10,000,000 events, csv | ${reason} | - | - | - |`);
});
