/** `dupn train --replay`: what is known of a step whose loss or gradient was not a finite number. */
import { formatTable } from '../common/table.js';
import type { Config } from '../config/schema.js';
import { type Replayed, replay } from '../training/replay.js';
import { runFolder } from './open-run.js';
import type { Prepared } from './require-prepared.js';
import type { Report } from './session.js';

/** Requests that are told for people. */
const MOST_REQUESTS = 10;

export async function replayStep(config: Config, { folder, manifest }: Prepared): Promise<Report> {
  const replayed = await replay(config, { manifest, preparedFolder: folder }, runFolder(config));
  return { json: replayed, text: textOf(replayed) };
}

function textOf(replayed: Replayed): string {
  const { step, notFinite, losses, weights, gradients, requests, batchRequests } = replayed;
  const counts = (found: Readonly<Record<string, number>>) =>
    Object.entries(found)
      .map(([name, count]) => `${name} (${count})`)
      .join(', ') || 'none';
  const rows = requests
    .slice(0, MOST_REQUESTS)
    .map(({ request, user, time, task }) => [request, user, time, task]);
  return [
    `step ${step}, a batch of ${batchRequests} requests; not finite when it was made: the ${notFinite.join(', the ')}`,
    `losses now: ${Object.entries(losses)
      .map(([task, loss]) => `${task} ${loss ?? 'not finite'}`)
      .join(', ')}`,
    `weights with numbers that are not finite, before the step: ${counts(weights)}`,
    `gradients with such numbers: ${counts(gradients)}`,
    `requests with a score, label or weight that is not finite: ${requests.length}`,
    ...(rows.length > 0 ? [formatTable(['request', 'user', 'time', 'task'], rows, null)] : []),
  ].join('\n');
}
