#!/usr/bin/env node
import { main } from '../dist/cli/main.js';

process.exitCode = await main(process.argv.slice(2));
// A call that waits for a machine that is lost would keep the process alive for good.
if (process.exitCode === 138) process.exit();
