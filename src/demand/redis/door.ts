import type { Clock } from '../../clock.ts';
import { Connection } from './connection.ts';
import type { Endpoint } from './endpoint.ts';
import { Sentinels } from './sentinels.ts';

/** The way to a Redis: straight to its address, or past the Sentinels. */
export interface Door {
  /** @param name shown by CLIENT LIST */
  open(name: string): Promise<Connection>;
  /** Asked after each reading: rejects where what was read cannot be relied on. */
  verify(connection: Connection): Promise<void>;
  /** Closes connections that lead to the wrong server, until the signal aborts; never rejects. */
  run(): Promise<void>;
}

/** @param signal ends it and all that it opened */
export function doorTo(endpoint: Endpoint, clock: Clock, signal: AbortSignal): Door {
  const { at } = endpoint;
  if ('sentinels' in at) return new Sentinels(at, endpoint, clock, signal);
  return {
    open: (name) => Connection.open(at, endpoint, name, clock, signal),
    verify: async () => undefined,
    run: async () => undefined,
  };
}
