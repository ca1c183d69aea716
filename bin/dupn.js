#!/usr/bin/env node
import { main } from '../dist/cli/main.js';

const HUNG_UP = 129;

process.exitCode = await main(process.argv.slice(2));
// Node would fail at restoring a terminal that is gone: the signal itself ends the process then.
if (process.exitCode === HUNG_UP) process.kill(process.pid, 'SIGHUP');
