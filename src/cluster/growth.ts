import type { Clock } from '../clock.ts';
import {
  type Growth,
  growthOf,
  noTracks,
  type Reading,
  read,
  trackGroups,
  unknownGrowth,
} from './autoscaler.ts';
import type { ClusterClient } from './client.ts';
import { watchKarpenter } from './karpenter-watch.ts';
import type { RawObject } from './raw.ts';
import { watchOne } from './watch-one.ts';

export interface GrowthOptions {
  readonly client: ClusterClient;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** The word or its reason is another. */
  readonly onChange?: (growth: Growth) => void;
}

/** Whether more VMs can come, as of now. */
export interface GrowthPort {
  current(): Growth;
}

/**
 * Follows cluster-autoscaler's status and Karpenter until `signal` aborts, whichever of them there is. What cannot be read
 * is not known and holds nothing up.
 */
export function watchGrowth(options: GrowthOptions): GrowthPort {
  const { clock, onChange } = options;
  let told = '';
  const current = (): Growth => better(autoscaler.current(), karpenter.current());
  const look = (): void => {
    const growth = current();
    const telling = `${growth.growth} ${growth.growthReason?.code ?? ''}`;
    if (telling === told) return;
    told = telling;
    onChange?.(growth);
  };
  const autoscaler = watchAutoscaler(options, look);
  const karpenter = watchKarpenter({ ...options, now: () => clock.now(), onChange: look });
  return { current };
}

const rank = { Growing: 3, CanGrow: 2, CannotGrow: 1, Unknown: 0 } as const;

/** Where both run, VMs come if either brings them. */
export function better(a: Growth, b: Growth): Growth {
  if (rank[a.growth] !== rank[b.growth]) return rank[a.growth] > rank[b.growth] ? a : b;
  return a.growthReason === undefined ? b : a;
}

/** Needs `get` and `watch` on that one ConfigMap. */
function watchAutoscaler({ client, clock, signal }: GrowthOptions, look: () => void): GrowthPort {
  const collection = '/api/v1/namespaces/kube-system/configmaps';
  const name = 'cluster-autoscaler-status';
  let reading: Reading | undefined;
  let tracks = noTracks;

  const refresh = async (): Promise<void> => {
    try {
      const answer = (await client.request('GET', `${collection}/${name}`, { signal })) as RawObject & {
        readonly data?: { readonly status?: string };
      };
      reading = read({
        status: answer.data?.status ?? '',
        lastUpdated: answer.metadata?.annotations?.['cluster-autoscaler.kubernetes.io/last-updated'],
      });
      tracks = trackGroups(tracks, reading, clock.now());
    } catch {
      // Gone, forbidden or out of reach: what was read last grows stale by itself.
      return;
    }
    look();
  };

  void watchOne({ client, clock, collection, name, signal, onChange: () => void refresh() });
  return {
    current: () => (reading === undefined ? unknownGrowth : growthOf(reading, clock.now(), tracks)),
  };
}
