#!/usr/bin/env node
import { main } from '../dist/cli/main.js';

const HUNG_UP = 129;

process.exitCode = await main(process.argv.slice(2));
// Node would fail at restoring a terminal that is gone: the signal itself ends the process then.
if (process.exitCode === HUNG_UP) process.kill(process.pid, 'SIGHUP');
// A call that waits for a machine that is lost would keep the process alive for good.
if (process.exitCode === 138) process.exit();
