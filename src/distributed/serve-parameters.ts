/** A parameter server: holds variables for those who train, until the chief says that they are done or is not heard of any more. */
import { setTimeout as pause } from 'node:timers/promises';
import { holdInterrupt, Interrupted } from '../common/interrupted.js';
import { LostCluster } from '../common/lost-cluster.js';
import type { ServerTask } from './cluster.js';
import type { Patience } from './collectives.js';
import { OVER, Servers } from './servers.js';
import { startServer } from './tensorflow-api.js';

const LISTEN_MS = 500;

/**
 * Resolves when the training is over. A signal ends those who train, who save first: a second one ends this process at once.
 * @throws LostCluster when the chief is not heard of, Interrupted when the training was over after a signal
 */
export async function serveParameters({ servers, server }: ServerTask, patience: Patience): Promise<void> {
  const tasks = Object.fromEntries(servers.map(({ address }, index) => [index, address]));
  startServer({ cluster: { job: [{ name: 'ps', tasks }] }, jobName: 'ps', taskIndex: server });
  // Its own client comes first, and stays: without one, the server may crash when the others come all at once.
  const self = await Servers.ofServer(servers[server]!, server, patience);
  const { stop, release } = holdInterrupt();
  let last: number | null = null;
  let heardMs = performance.now();
  for (;;) {
    const count = await self.heard(server);
    if (count === OVER) break;
    if (count !== last) heardMs = performance.now();
    last = count;
    const seconds = last === null ? patience.startSeconds : patience.timeoutSeconds;
    if (performance.now() - heardMs > 1000 * seconds) {
      throw new LostCluster(
        `Cannot go on with ${servers[server]!.name}: the chief has not been heard of for ${seconds} s\n` +
          '  start all processes again with --resume: training goes on from the last checkpoint of the run',
      );
    }
    await pause(LISTEN_MS);
  }
  release();
  if (stop.aborted)
    throw new Interrupted(stop.reason as NodeJS.Signals, `${servers[server]!.name}: the training has ended`);
}
