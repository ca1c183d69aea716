/** Starts the processes of a cluster on this machine, each doing the same work (member.js). */
import { execFile } from 'node:child_process';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const MEMBER = fileURLToPath(new URL('./member.js', import.meta.url));

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { readonly port: number };
  await new Promise((done) => server.close(done));
  return port;
}

/** What each prints, by rank, beside so many parameter servers. @throws with what it wrote to stderr when one fails */
export async function startMembers<T>(size: number, input: object, serverCount = 0): Promise<T[]> {
  const addresses = new Set<string>();
  while (addresses.size < size + serverCount) addresses.add(`127.0.0.1:${await freePort()}`);
  const named = (job: string, all: readonly string[]) =>
    all.map((address, index) => ({ name: `${job} ${index}`, address }));
  const members = named('worker', [...addresses].slice(0, size));
  const servers = named('ps', [...addresses].slice(size));
  const env = { ...process.env, TF_NUM_INTRAOP_THREADS: '1', TF_NUM_INTEROP_THREADS: '1' };
  const run = async (argument: object) => {
    const { stdout } = await promisify(execFile)(process.execPath, [MEMBER, JSON.stringify(argument)], {
      env,
      maxBuffer: 2 ** 30,
    });
    return stdout;
  };
  const serving = servers.map((_, server) => run({ cluster: { members, servers }, ...input, server }));
  const printed = members.map((_, rank) => run({ cluster: { members, servers, rank }, ...input }));
  const [texts] = await Promise.all([Promise.all(printed), Promise.all(serving)]);
  return texts.map((text) => JSON.parse(text) as T);
}
