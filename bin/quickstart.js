#!/usr/bin/env node
/**
 * Prepares the sample log, trains on it and evaluates it; arguments (--set key=value) go to each of the three commands.
 * Then it brings shop preference to a model of the other four tasks, unless arguments have changed what that starts from.
 */
import { fileURLToPath } from 'node:url';
import { main } from '../dist/cli/main.js';

const pathOf = (name) => fileURLToPath(new URL(`../configs/${name}.yaml`, import.meta.url));
const passedOn = process.argv.slice(2);
// Its own run may be written over; one that was given a name is somebody's.
const force = passedOn.some((argument) => /^(--set=)?run\./.test(argument)) ? [] : ['--force'];
const namesRunOnly = passedOn.every((argument) => /^--set$|^(--set=)?run\./.test(argument));
const commands = [
  ['preprocess', 'quickstart', ...passedOn],
  ['train', 'quickstart', ...force, ...passedOn],
  ['eval', 'quickstart', ...passedOn],
  ...(namesRunOnly ? [['transfer', 'quickstart-transfer', '--force']] : []),
];

for (const [command, name, ...rest] of commands) {
  console.error(`\n$ dupn ${[command, '-c', `configs/${name}.yaml`, ...rest].join(' ')}`);
  process.exitCode = await main([command, '-c', pathOf(name), ...rest]);
  if (process.exitCode !== 0) break;
}
