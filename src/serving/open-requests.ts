/** Requests that have come and are neither answered nor given up by their clients, who may close a connection at any moment. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export class OpenRequests {
  /** By connection: one may bring several before the first is answered. */
  readonly #open = new Map<Socket, number>();
  #whenQuiet: (() => void)[] = [];

  /** Before the server listens. */
  watch(server: Server): void {
    server.on('connection', (socket: Socket) => {
      socket.once('close', () => {
        this.#open.delete(socket);
        this.#look();
      });
    });
  }

  /** `onEnd` is told whether the client got its answer. */
  add({ socket }: IncomingMessage, response: ServerResponse, onEnd: (isAnswered: boolean) => void): void {
    this.#open.set(socket, (this.#open.get(socket) ?? 0) + 1);
    // Of a client that is gone, a response closes without having finished.
    response.once('close', () => {
      onEnd(response.writableFinished);
      const left = (this.#open.get(socket) ?? 1) - 1;
      if (left > 0) this.#open.set(socket, left);
      else this.#open.delete(socket);
      this.#look();
    });
  }

  /** Resolves when there is none. */
  quiet(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenQuiet.push(resolve);
      this.#look();
    });
  }

  #look(): void {
    if (this.#open.size > 0) return;
    for (const resolve of this.#whenQuiet.splice(0)) resolve();
  }
}
