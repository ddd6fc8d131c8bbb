import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Clock, systemClock } from '../../clock.ts';
import { kubeconfigFor } from './kubeconfig.ts';
import { ensureNamespaces } from './namespaces.ts';
import { Refusal } from './refusal.ts';
import { route, send } from './router.ts';
import type { ShownWorld } from './shown-world.ts';
import { Watches } from './watches.ts';
import { Writes } from './writes.ts';

export interface LabApiOptions {
  readonly world: ShownWorld;
  /** Loopback: there is no authentication, and Secrets can be read. `127.0.0.1` by default. */
  readonly host?: '127.0.0.1' | '::1' | 'localhost';
  /** 0, the default: any that is free. */
  readonly port?: number;
  /** Brings the world to the present before each request; see `drive`. By default its time stands still. */
  readonly catchUp?: () => void;
  /** For the lives of watches; the machine's own by default. */
  readonly clock?: Clock;
  /** What went wrong inside, for the log; the client gets a Status 500 without it. */
  readonly onDefect?: (error: unknown) => void;
}

/** A world that is shown over HTTP. */
export interface LabApi {
  readonly port: number;
  readonly url: string;
  /** A kubeconfig for it, as text. */
  kubeconfig(): string;
  /** Ends all watches and connections. */
  close(): Promise<void>;
}

/**
 * Shows a world over HTTP as a Kubernetes API server, good enough for Spillway's own client and everyday kubectl; what
 * it leaves out is in docs/lab.md. Makes the namespaces that are missing. Rejects where it cannot listen.
 */
export async function startLabApi(options: LabApiOptions): Promise<LabApi> {
  const { world, host = '127.0.0.1', port = 0, catchUp = () => {}, clock = systemClock } = options;
  ensureNamespaces(world);
  const watches = new Watches({ objects: world.objects, clock, nowMs: () => world.now() });
  const parts = { world, watches, writes: new Writes(world), catchUp };
  const server = createServer((request, response) => {
    const refusal = refuseStrangers(request);
    if (refusal !== undefined) {
      send(response, refusal.code, refusal.status());
      return;
    }
    route(request, response, parts).catch((error: unknown) => {
      options.onDefect?.(error);
      if (response.headersSent) response.destroy();
      else send(response, 500, new Refusal(500, 'InternalError', 'the lab failed', {}).status());
    });
  });
  server.listen(port, host);
  await once(server, 'listening');
  const { port: bound } = server.address() as AddressInfo;
  const url = `http://${host === '::1' ? '[::1]' : host}:${bound}`;
  return {
    port: bound,
    url,
    kubeconfig: () => kubeconfigFor(url),
    async close() {
      watches.close();
      server.close();
      server.closeAllConnections();
      await once(server, 'close').catch(() => undefined);
    },
  };
}

/** A web page must not reach the lab through a name of its own that leads to loopback (DNS rebinding). */
function refuseStrangers({ headers }: IncomingMessage): Refusal | undefined {
  const { hostname } = URL.parse(`http://${headers.host ?? ''}`) ?? { hostname: '' };
  if (['localhost', '127.0.0.1', '[::1]'].includes(hostname)) return undefined;
  return new Refusal(403, 'Forbidden', 'the lab answers on loopback only', {});
}
