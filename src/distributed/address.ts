/** Addresses of processes, `host:port`. */
import { connect, createServer } from 'node:net';

const PROBE_MS = 2000;

export const hostOf = (address: string): string => address.slice(0, address.lastIndexOf(':'));

const portOf = (address: string): number => Number(address.slice(address.lastIndexOf(':') + 1));

/** Whether somebody listens there. */
export function accepts(address: string): Promise<boolean> {
  const host = hostOf(address).replace(/^\[|\]$/g, '');
  return new Promise((resolve) => {
    const socket = connect({ host, port: portOf(address), timeout: PROBE_MS });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}

/** Ports of this machine that nobody listens on, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
          const server = createServer().once('error', reject);
          server.listen(0, () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => (server.address() as { readonly port: number }).port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}
