import type { Clock } from '../clock.ts';
import { isStatus } from './api-error.ts';
import type { ClusterClient } from './client.ts';
import { timeMs } from './slimming.ts';

/** How often Leases are read, and how often it is looked whether any is worth reading, ms. */
const lookMs = 30_000;

export interface NodeLeasesOptions {
  readonly client: ClusterClient;
  readonly clock: Clock;
  /** Names of the nodes whose heartbeat is too old to go by. */
  readonly suspects: () => readonly string[];
}

/**
 * When the Leases of a few nodes in `kube-node-lease` were renewed. They are read only while a heartbeat is old: following
 * them would be an event every ten seconds a node. Needs `get` on Leases there; without it heartbeats alone count.
 */
export class NodeLeases {
  readonly #options: NodeLeasesOptions;
  #renewed: ReadonlyMap<string, number> = new Map();

  constructor(options: NodeLeasesOptions) {
    this.#options = options;
  }

  /** Milliseconds since the epoch; undefined: not known, or there is no Lease. */
  renewedAtMs(node: string): number | undefined {
    return this.#renewed.get(node);
  }

  /** Reads what is worth reading until `signal` aborts, once the nodes have been `listed`; never rejects. */
  async run(listed: Promise<void>, signal: AbortSignal): Promise<void> {
    const stopped = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    if (!signal.aborted) await Promise.race([listed, stopped]);
    while (!signal.aborted) {
      await this.read(signal);
      await this.#options.clock.sleep(lookMs, signal).catch(() => undefined);
    }
  }

  /** Reads the Leases of the nodes that are suspect now, once. What cannot be reached keeps its last reading. */
  async read(signal: AbortSignal): Promise<void> {
    const renewed = new Map<string, number>();
    for (const node of this.#options.suspects()) {
      const atMs = await this.#renewal(node, signal);
      if (atMs !== undefined) renewed.set(node, atMs);
    }
    this.#renewed = renewed;
  }

  async #renewal(node: string, signal: AbortSignal): Promise<number | undefined> {
    try {
      const path = `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${encodeURIComponent(node)}`;
      const lease = (await this.#options.client.request('GET', path, { signal })) as {
        readonly spec?: { readonly renewTime?: string };
      };
      return timeMs(lease.spec?.renewTime);
    } catch (error) {
      return isStatus(error, 404) ? undefined : this.#renewed.get(node);
    }
  }
}
