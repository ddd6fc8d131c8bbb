import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { AbstractConnector } from 'ioredis';
import { guardedLookup } from './address.ts';
import type { Address, Login } from './endpoint.ts';

/**
 * How ioredis gets its socket to one server: through the guarded lookup, with the Secret's CA, and closed at once
 * (ioredis' own waits up to 2 s for the other side).
 */
export function connectorFor(
  { host, port }: Address,
  tls: Login['tls'],
): new (
  options: unknown,
) => AbstractConnector {
  return class GuardedConnector extends AbstractConnector {
    constructor() {
      super(0);
    }

    override async connect(): Promise<Socket> {
      this.connecting = true;
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
