/** Starts the processes of a cluster on this machine, each doing the same work (member.js). */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePorts } from '../../src/distributed/address.js';

const MEMBER = fileURLToPath(new URL('./member.js', import.meta.url));

/** What comes of the work of each, named by its function in member.js, by rank, beside so many parameter servers. @throws with what it wrote to stderr when one fails */
export async function startMembers<T>(
  size: number,
  work: Readonly<Record<string, object>>,
  serverCount = 0,
): Promise<T[]> {
  const addresses = (await freePorts(size + serverCount)).map((port) => `127.0.0.1:${port}`);
  const named = (job: string, all: readonly string[]) =>
    all.map((address, index) => ({ name: `${job} ${index}`, address }));
  const members = named('worker', addresses.slice(0, size));
  const servers = named('ps', addresses.slice(size));
  const env = { ...process.env, TF_NUM_INTRAOP_THREADS: '1', TF_NUM_INTEROP_THREADS: '1' };
  const run = async (argument: object) => {
    const { stdout } = await promisify(execFile)(process.execPath, [MEMBER, JSON.stringify(argument)], {
      env,
      maxBuffer: 2 ** 30,
    });
    return stdout;
  };
  const serving = servers.map((_, server) => run({ cluster: { members, servers }, work, server }));
  const printed = members.map((_, rank) => run({ cluster: { members, servers, rank }, work }));
  const [texts] = await Promise.all([Promise.all(printed), Promise.all(serving)]);
  return texts.map((text) => JSON.parse(text) as T);
}
