#!/usr/bin/env node
import { main } from '../dist/cli/main.js';
import { endAtOnce } from '../dist/common/end-at-once.js';

const HUNG_UP = 129;

process.exitCode = await main(process.argv.slice(2));
// Node would fail at restoring a terminal that is gone: the signal itself ends the process then.
if (process.exitCode === HUNG_UP) process.kill(process.pid, 'SIGHUP');
// Calls that wait for other machines, and what these are told, would keep a process alive that has failed.
if (process.exitCode === 138 || process.env.TF_CONFIG) endAtOnce(process.exitCode);
