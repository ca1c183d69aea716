/** The short version of `npm run torture`. */
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRandom } from '../../src/common/random.js';
import { dupn, makeTinyWorld } from '../tiny-world.js';
import { torture } from './killed.js';
import { scenarios } from './scenarios.js';

let world: string;

beforeAll(async () => {
  world = await makeTinyWorld(40);
  await dupn('preprocess', '-c', `${world}/base.yaml`);
});

afterAll(() => rm(world, { recursive: true, force: true }));

test.each(['preprocess', 'train', 'checkpoint', 'transfer'])(
  '%s that is killed at random moments ends as if nothing had been',
  async (name) => {
    const scenario = scenarios(world).find((found) => found.name === name)!;
    const { kills, ends } = await torture(scenario, { random: createRandom(1, 'short', name), kills: 3 });
    expect(kills).toBe(3);
    expect(ends).toBeGreaterThan(0);
  },
);
