/** How long commands take that do nothing yet, beside importing what a Python tool kit stands on. */

import { commandSide, dupn } from '../command.js';
import { median, takeTurns } from '../compare.js';
import { say } from '../say.js';
import { ALL_THREADS } from '../threads.js';

export async function startup({ quick, python }) {
  const settings = quick ? { rounds: 3, repeats: 0 } : { rounds: 10, repeats: 60 };
  say('start-up');
  const commands = {
    'node -e 0': [process.execPath, '-e', '0'],
    'dupn --help': [process.execPath, dupn, '--help'],
    'dupn doctor (loads the engine)': [process.execPath, dupn, 'doctor', '--json'],
    'python -c 0': [python, '-c', '0'],
    'import torch': [python, '-c', 'import torch'],
    'import pandas': [python, '-c', 'import pandas'],
    'import polars': [python, '-c', 'import polars'],
  };
  const [first, ...others] = Object.entries(commands).map(([name, command]) =>
    commandSide(name, python, command, ALL_THREADS),
  );
  for (const side of [first, ...others]) await side.ask();
  const slices = await takeTurns(first, others, settings, {});
  const seconds = Object.fromEntries(
    [first, ...others].map(({ name }) => [
      name,
      median(slices.filter(({ side }) => side === name).map((slice) => slice.seconds)),
    ]),
  );
  return { settings, seconds, slices: slices.map(({ stdout, ...slice }) => slice) };
}
