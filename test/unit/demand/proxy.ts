import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** Stands between Spillway and a Redis, and makes the network between them worse. */
export interface TestProxy {
  readonly port: number;
  /** `open`: all passes; `silent`: nothing does, and nobody is told (a half-open connection). */
  be(state: 'open' | 'silent'): void;
  /** Holds answers back for so long, milliseconds. */
  delay(answerMs: number): void;
  close(): Promise<void>;
}

/** Starts one on the loopback, before the server on `targetPort`. */
export async function startProxy(targetPort: number): Promise<TestProxy> {
  const sockets = new Set<Socket>();
  let state: 'open' | 'silent' = 'open';
  let answerMs = 0;
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  };
  const server = createServer((near) => {
    const far = keep(connect(targetPort, '127.0.0.1'));
    keep(near).on('data', (data) => {
      if (state === 'open') far.write(data);
    });
    far.on('data', (data) => {
      if (state === 'open') setTimeout(() => near.write(data), answerMs).unref();
    });
    near.on('close', () => far.destroy());
    far.on('close', () => {
      if (state === 'open') near.destroy();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the loopback gave no port');
  return {
    port: address.port,
    be: (next) => void (state = next),
    delay: (next) => void (answerMs = next),
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
