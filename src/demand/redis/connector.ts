import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { AbstractConnector } from 'ioredis';
import { guardedLookup } from './address.ts';
import type { Endpoint } from './endpoint.ts';

/**
 * How ioredis gets its socket for one endpoint: through the guarded lookup, with the Secret's CA, and closed at once
 * (ioredis' own waits up to 2 s for the other side).
 */
export function connectorFor(endpoint: Endpoint): new (options: unknown) => AbstractConnector {
  return class GuardedConnector extends AbstractConnector {
    constructor() {
      super(0);
    }

    override async connect(): Promise<Socket> {
      this.connecting = true;
      const { host, port, tls } = endpoint;
      const options = { host, port, lookup: guardedLookup() };
      const socket =
        tls === undefined
          ? connectTcp(options)
          : connectTls(tls.ca === undefined ? options : { ...options, ca: tls.ca });
      this.stream = socket;
      return socket;
    }

    override disconnect(): void {
      this.connecting = false;
      this.stream?.destroy();
    }
  };
}
