import { explained, isStatus } from '../../cluster/api-error.ts';
import { describeCall } from '../../cluster/call.ts';
import type { ClusterClient } from '../../cluster/client.ts';
import type { RawList } from '../../cluster/raw.ts';

/** What came of reading something. */
export type Read<T> =
  | { readonly state: 'read'; readonly value: T }
  /** There is none, or the API that would have it is not served. */
  | { readonly state: 'absent' }
  /** It may be there: the sentence says why nobody can tell. */
  | { readonly state: 'unread'; readonly why: string };

const pageSize = 500;
const timeoutMs = 15_000;

/**
 * Reads of one run, each path once. A refusal is an answer like another; throws SpillwayError where the API server does
 * not answer at all or does not know who asks, since then nothing can be looked at.
 */
export class Reader {
  readonly #client: ClusterClient;
  readonly #signal: AbortSignal;
  readonly #kept = new Map<string, Promise<Read<unknown>>>();

  constructor(client: ClusterClient, signal: AbortSignal) {
    this.#client = client;
    this.#signal = signal;
  }

  /** The object at a path, as it came over the wire. */
  get<T>(path: string): Promise<Read<T>> {
    return this.#once(path, () => this.#request<T>('GET', path));
  }

  /** The object at a path as it is now, whatever was read before. */
  again<T>(path: string): Promise<Read<T>> {
    this.#kept.delete(path);
    return this.get<T>(path);
  }

  /** All objects of a collection, or those that a selector (`labelSelector=…`, values encoded) selects. */
  list<T>(path: string, selector = ''): Promise<Read<readonly T[]>> {
    return this.#once(`list ${path}?${selector}`, () =>
      this.#told('GET', path, async () => {
        const items: T[] = [];
        let next = '';
        do {
          const page = (await this.#client.request(
            'GET',
            `${path}?limit=${pageSize}&continue=${encodeURIComponent(next)}&${selector}`,
            { signal: this.#signal, timeoutMs },
          )) as RawList;
          items.push(...((page.items ?? []) as readonly T[]));
          next = page.metadata?.continue ?? '';
        } while (next !== '');
        return items;
      }),
    );
  }

  /** Asks a question that is a POST and writes nothing: a review of access. */
  ask<T>(path: string, body: object): Promise<Read<T>> {
    return this.#request<T>('POST', path, body);
  }

  #request<T>(method: 'GET' | 'POST', path: string, body?: object): Promise<Read<T>> {
    return this.#told(method, path, async () => {
      const how = { signal: this.#signal, timeoutMs, ...(body === undefined ? {} : { body }) };
      return (await this.#client.request(method, path, how)) as T;
    });
  }

  async #told<T>(method: string, path: string, read: () => Promise<T>): Promise<Read<T>> {
    try {
      return { state: 'read', value: await read() };
    } catch (error) {
      this.#signal.throwIfAborted();
      if (isStatus(error, 404)) return { state: 'absent' };
      const { verb, resource } = describeCall(method, path);
      if (isStatus(error, 403)) {
        return { state: 'unread', why: `Your kubeconfig may not ${verb} ${resource}.` };
      }
      const told = explained(error);
      if (told.code === 'CLUSTER_REFUSED') return { state: 'unread', why: told.message };
      throw told;
    }
  }

  // The same path always gives the same type.
  #once<T>(key: string, read: () => Promise<Read<T>>): Promise<Read<T>> {
    const kept = this.#kept.get(key) ?? read();
    // Whoever asked hears of a failure, also where another check has ended the run by then.
    kept.catch(() => undefined);
    this.#kept.set(key, kept);
    return kept as Promise<Read<T>>;
  }
}
