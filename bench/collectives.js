/**
 * `node bench/collectives.js [--workers 2,4,8] [--seconds 1]`: what the collective operations of `dupn train` take between processes of
 * this machine that do nothing else, by their number and by bytes: what the model of the cost in docs/distributed.md is fed with.
 * Prints one JSON document.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { freePorts } from '../dist/distributed/address.js';
import { say } from './say.js';

const { values } = parseArgs({
  options: {
    workers: { type: 'string', default: '2,4,8' },
    seconds: { type: 'string', default: '1' },
  },
});
const member = fileURLToPath(new URL('./workers/collectives.js', import.meta.url));

/** What the first of so many processes has measured. */
async function measure(workers) {
  const members = (await freePorts(workers)).map((port, rank) => ({
    name: `worker ${rank}`,
    address: `127.0.0.1:${port}`,
  }));
  const outputs = await Promise.all(
    members.map(async (_, rank) => {
      const cluster = { members, servers: [], rank };
      const child = spawn(
        process.execPath,
        [member, JSON.stringify({ cluster, seconds: Number(values.seconds) })],
        {
          stdio: ['ignore', 'pipe', 'ignore'],
        },
      );
      const parts = [];
      child.stdout.on('data', (part) => parts.push(part));
      const [status] = await once(child, 'close');
      if (status !== 0) throw new Error(`process ${rank} of ${workers} ended with ${status}`);
      return Buffer.concat(parts).toString();
    }),
  );
  return JSON.parse(outputs[0]);
}

const results = [];
for (const workers of values.workers.split(',').map(Number)) {
  say(`${workers} processes`);
  results.push(...(await measure(workers)));
}
console.log(JSON.stringify(results, null, 1));
