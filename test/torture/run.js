/** `npm run torture`: kills commands at random moments for as long as it takes; arguments name single ones, kills and the seed. */
import { rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createRandom } from '../../dist/common/random.js';
import { dupn, makeTinyWorld } from '../tiny-world.js';
import { torture } from './killed.js';
import { scenarios } from './scenarios.js';

const say = (text) => process.stdout.write(`${text}\n`);
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { kills: { type: 'string', default: '100' }, seed: { type: 'string', default: '1' } },
});
const kills = Number(values.kills);
const seed = Number(values.seed);
const world = await makeTinyWorld(60);
await dupn('preprocess', '-c', `${world}/base.yaml`);
for (const scenario of scenarios(world)) {
  if (positionals.length > 0 && !positionals.includes(scenario.name)) continue;
  const random = createRandom(seed, 'torture', scenario.name);
  const { name, bySignal, half, ends, seconds } = await torture(scenario, { random, kills, say });
  const signals = Object.entries(bySignal).map(([signal, count]) => `${count} ${signal}`);
  say(
    `${name} (${seconds.toFixed(1)} s): ${signals.join(', ')}, ${half} of them while a folder was written; ${ends} times at its end, always as without an interruption`,
  );
}
rmSync(world, { recursive: true, force: true });
