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

/** What each prints, by rank. @throws with what it wrote to stderr when one fails */
export async function startMembers<T>(size: number, input: object): Promise<T[]> {
  const members: { name: string; address: string }[] = [];
  while (members.length < size) {
    const address = `127.0.0.1:${await freePort()}`;
    if (members.some((other) => other.address === address)) continue;
    members.push({ name: `worker ${members.length}`, address });
  }
  const env = { ...process.env, TF_NUM_INTRAOP_THREADS: '1', TF_NUM_INTEROP_THREADS: '1' };
  return Promise.all(
    members.map(async (_, rank) => {
      const argument = JSON.stringify({ cluster: { members, rank }, ...input });
      const { stdout } = await promisify(execFile)(process.execPath, [MEMBER, argument], {
        env,
        maxBuffer: 2 ** 30,
      });
      return JSON.parse(stdout) as T;
    }),
  );
}
