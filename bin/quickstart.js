#!/usr/bin/env node
/** Prepares the sample log, trains on it and evaluates it; arguments (--set key=value) go to each of the three commands. */
import { fileURLToPath } from 'node:url';
import { main } from '../dist/cli/main.js';

const config = fileURLToPath(new URL('../configs/quickstart.yaml', import.meta.url));
const passedOn = process.argv.slice(2);
// Its own run may be written over; one that was given a name is somebody's.
const force = passedOn.some((argument) => /^(--set=)?run\./.test(argument)) ? [] : ['--force'];
const commands = [['preprocess'], ['train', ...force], ['eval']];

for (const command of commands) {
  console.error(`\n$ dupn ${[...command, '-c', 'configs/quickstart.yaml', ...passedOn].join(' ')}`);
  process.exitCode = await main([...command, '-c', config, ...passedOn]);
  if (process.exitCode !== 0) break;
}
