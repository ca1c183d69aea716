/**
 * `npm run bench [-- parts... --quick --steps N --out FILE --data FOLDER]`: how fast dupn is beside its peers, on the same data, on
 * the same machine, by turns. Prints a table and writes bench/results.json; parts that are not named keep what that file says of
 * them, where it comes from the same environment. --quick takes minutes, and its figures say only that everything runs.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { cacheFolder } from '../setup/libtensorflow.js';
import { SetupError } from '../setup/say.js';
import { pythonEnvironment } from '../test/python-environment.js';
import { environment } from './environment.js';
import { PACKAGES } from './packages.js';
import { encode } from './parts/encode.js';
import { fit } from './parts/fit.js';
import { largeTable } from './parts/large-table.js';
import { memory } from './parts/memory.js';
import { preprocess } from './parts/preprocess.js';
import { scaling } from './parts/scaling.js';
import { serve } from './parts/serve.js';
import { startup } from './parts/startup.js';
import { train } from './parts/train.js';
import { say } from './say.js';
import { resultTables } from './table.js';

const PARTS = { startup, preprocess, train, fit, encode, scaling, memory, largeTable, serve };

function options() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      steps: { type: 'string' },
      out: { type: 'string' },
      data: { type: 'string' },
    },
  });
  const unknown = positionals.filter((part) => !(part in PARTS));
  if (unknown.length > 0) {
    throw new SetupError(`Parts are ${Object.keys(PARTS).join(', ')}; got ${unknown.join(', ')}.`);
  }
  if (values.steps !== undefined && !(Number(values.steps) > 0)) {
    throw new SetupError(`--steps is a number above 0; got ${values.steps}.`);
  }
  const data = values.data ?? join(cacheFolder(), 'bench-data');
  // Quick figures never stand where full ones are looked for.
  const standard = values.quick
    ? join(data, 'quick.json')
    : fileURLToPath(new URL('./results.json', import.meta.url));
  return {
    parts: positionals.length > 0 ? positionals : Object.keys(PARTS),
    quick: values.quick,
    ...(values.steps && { steps: Number(values.steps) }),
    out: values.out ?? standard,
    data,
  };
}

/** What an earlier call measured here with the same versions; its dates tell the parts apart. */
function earlierParts(file, here) {
  if (!existsSync(file)) return {};
  const { environment, parts } = JSON.parse(readFileSync(file, 'utf8'));
  return isDeepStrictEqual(environment, here) ? parts : {};
}

try {
  const { parts, out, ...context } = options();
  mkdirSync(context.data, { recursive: true });
  const python = await pythonEnvironment('bench', PACKAGES);
  const here = environment(python);
  const measured = earlierParts(out, here);
  // After each part, and what a long one has so far: the last one may be stopped.
  const save = (part, result) => {
    measured[part] = { date: new Date().toISOString(), quick: context.quick, ...result };
    const ratios = Object.assign({}, ...Object.values(measured).map((one) => one.ratios ?? {}));
    const results = { date: new Date().toISOString(), ratios, environment: here, parts: measured };
    writeFileSync(out, `${JSON.stringify(results, null, 1)}\n`);
  };
  for (const part of parts) {
    save(part, await PARTS[part]({ ...context, python, save: (result) => save(part, result) }));
  }
  console.log(resultTables(JSON.parse(readFileSync(out, 'utf8'))));
  say(`results: ${out}`);
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  say(error.message);
  process.exitCode = 1;
}
