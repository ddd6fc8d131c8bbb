import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Express } from 'express';
import type { Clock } from '../clock.ts';
import { SpillwayError } from '../errors.ts';

/** A server that listens. */
export interface WebServer {
  /** The port it listens on: the one asked for, or the one the system chose for 0. */
  readonly port: number;
  /** Takes no more requests, lets those under way end for up to 2 s, then cuts them. */
  close(): Promise<void>;
}

export interface ListenOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly clock: Clock;
}

/** Headers must be there after this, the whole request after twice of it. */
const headersMs = 5_000;
/** A connection on which nothing moves, in either direction, is cut after this. */
const idleMs = 15_000;
const closeGraceMs = 2_000;
/** Probes, a Prometheus or two and people: more is not meant well. */
const mostConnections = 256;

/** Serves the app (app.ts). Throws HTTP_LISTEN_FAILED. */
export async function listen(app: Express, { host, port, clock }: ListenOptions): Promise<WebServer> {
  const server = createServer({ headersTimeout: headersMs, requestTimeout: 2 * headersMs }, app);
  server.maxConnections = mostConnections;
  server.setTimeout(idleMs);
  try {
    server.listen({ host, port });
    await once(server, 'listening');
  } catch (error) {
    const problem = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new SpillwayError('HTTP_LISTEN_FAILED', { host, port, problem }, error);
  }
  return {
    port: (server.address() as AddressInfo).port,
    close: () => close(server, clock),
  };
}

async function close(server: Server, clock: Clock): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  const callOff = clock.after(closeGraceMs, () => server.closeAllConnections());
  try {
    await closed;
  } finally {
    callOff();
  }
}
