import type { Clock } from '../clock.ts';
import { SpillwayError } from '../errors.ts';
import { isStatus } from './api-error.ts';
import type { ClusterClient } from './client.ts';
import { watchOne } from './watch-one.ts';

/** Secrets by name, as the sources of demand need them (the shape of demand's `SecretReader`). */
export interface Secrets {
  /**
   * The Secret as it is now, decoded text by key. Throws SECRET_NOT_FOUND where there is none, SECRET_UNREADABLE for
   * everything that may pass.
   */
  read(namespace: string, name: string, signal: AbortSignal): Promise<Readonly<Record<string, string>>>;
  /** Calls `changed` when the Secret changes or may have; the returned function ends it. */
  watch(namespace: string, name: string, changed: () => void): () => void;
}

/** Reads Secrets one by one (`get`, `watch`; never `list`). Policies that name the same Secret share one watch. */
export function secretsOf(client: ClusterClient, clock: Clock): Secrets {
  const watches = new Map<string, { readonly listeners: Set<() => void>; readonly stop: AbortController }>();

  return {
    async read(namespace, name, signal) {
      try {
        const answer = await client.request('GET', `/api/v1/namespaces/${namespace}/secrets/${name}`, {
          signal,
          timeoutMs: 10_000,
        });
        return decoded(answer);
      } catch (error) {
        signal.throwIfAborted();
        const code = isStatus(error, 404) ? 'SECRET_NOT_FOUND' : 'SECRET_UNREADABLE';
        throw new SpillwayError(code, { secret: name, namespace }, error);
      }
    },
    watch(namespace, name, changed) {
      const key = `${namespace}/${name}`;
      // Its own function, so that the same callback can watch twice.
      const listener = (): void => changed();
      const known = watches.get(key) ?? open(namespace, name);
      known.listeners.add(listener);
      return () => {
        known.listeners.delete(listener);
        if (known.listeners.size > 0 || watches.get(key) !== known) return;
        watches.delete(key);
        known.stop.abort();
      };
    },
  };

  function open(namespace: string, name: string): { listeners: Set<() => void>; stop: AbortController } {
    const watch = { listeners: new Set<() => void>(), stop: new AbortController() };
    watches.set(`${namespace}/${name}`, watch);
    void watchOne({
      client,
      clock,
      collection: `/api/v1/namespaces/${namespace}/secrets`,
      name,
      onChange: () => {
        for (const listener of watch.listeners) listener();
      },
      signal: watch.stop.signal,
    });
    return watch;
  }
}

function decoded(answer: unknown): Readonly<Record<string, string>> {
  const data = (answer as { readonly data?: Readonly<Record<string, string>> | null }).data ?? {};
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]),
  );
}
