import { parse } from 'yaml';
import type { Clock } from '../clock.ts';
import type { VmPoolObservation } from '../decide/observation.ts';
import type { ClusterClient } from './client.ts';
import type { RawObject } from './raw.ts';
import { watchOne } from './watch-one.ts';

export type Growth = VmPoolObservation['growth'];

/** The autoscaler writes its status every 10 s; one that is silent for so long does not run. */
const staleMs = 300_000;
/** For so long a scale-up in progress is believed in (cluster-autoscaler's max-node-provision-time). */
const patienceMs = 900_000;

interface Status {
  readonly autoscalerStatus?: string;
  readonly nodeGroups?: readonly {
    readonly health?: { readonly cloudProviderTarget?: number; readonly maxSize?: number };
    readonly scaleUp?: { readonly status?: string; readonly lastTransitionTime?: string };
  }[];
}

/** The status ConfigMap of cluster-autoscaler, as far as it is read here. */
export interface StatusConfigMap {
  readonly status: string;
  /** Annotation `cluster-autoscaler.kubernetes.io/last-updated`; undefined: there is none. */
  readonly lastUpdated: string | undefined;
}

/**
 * Whether more VMs can come, out of the status that cluster-autoscaler writes (YAML since 1.30). `Unknown` for anything
 * that is stale or cannot be read, the older plain text among it: then nothing is waited for.
 */
export function growthOf(configMap: StatusConfigMap, nowMs: number): Growth {
  const updatedAtMs = goTimeMs(configMap.lastUpdated);
  if (updatedAtMs === undefined || nowMs - updatedAtMs > staleMs) return 'Unknown';
  const status = read(configMap.status);
  const groups = status?.nodeGroups ?? [];
  if (status?.autoscalerStatus !== 'Running' || groups.length === 0) return 'Unknown';
  let canGrow = false;
  for (const { health = {}, scaleUp = {} } of groups) {
    if (scaleUp.status === 'InProgress') {
      const sinceMs = goTimeMs(scaleUp.lastTransitionTime) ?? Date.parse(scaleUp.lastTransitionTime ?? '');
      if (Number.isNaN(sinceMs) || nowMs - sinceMs <= patienceMs) return 'Growing';
    } else if (scaleUp.status !== 'Backoff') {
      canGrow ||= (health.cloudProviderTarget ?? 0) < (health.maxSize ?? 0);
    }
  }
  return canGrow ? 'CanGrow' : 'CannotGrow';
}

/** Follows the status ConfigMap until `signal` aborts. Needs `get` and `watch` on that one ConfigMap. */
export function watchGrowth(options: {
  readonly client: ClusterClient;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onChange?: (growth: Growth) => void;
}): { current(): Growth } {
  const { client, clock, signal, onChange } = options;
  const collection = '/api/v1/namespaces/kube-system/configmaps';
  const name = 'cluster-autoscaler-status';
  let configMap: StatusConfigMap | undefined;
  let told: Growth = 'Unknown';

  const current = (): Growth => (configMap === undefined ? 'Unknown' : growthOf(configMap, clock.now()));
  const refresh = async (): Promise<void> => {
    try {
      const answer = (await client.request('GET', `${collection}/${name}`, { signal })) as RawObject & {
        readonly data?: { readonly status?: string };
      };
      configMap = {
        status: answer.data?.status ?? '',
        lastUpdated: answer.metadata?.annotations?.['cluster-autoscaler.kubernetes.io/last-updated'],
      };
    } catch {
      // Gone, forbidden or out of reach: what was read last grows stale by itself.
      return;
    }
    const growth = current();
    if (growth === told) return;
    told = growth;
    onChange?.(growth);
  };

  void watchOne({ client, clock, collection, name, signal, onChange: () => void refresh() });
  return { current };
}

function read(text: string): Status | undefined {
  try {
    const status: unknown = parse(text);
    return typeof status === 'object' && status !== null ? status : undefined;
  } catch {
    return undefined;
  }
}

/** Time as Go prints it, `2023-11-24 04:28:19.546750398 +0000 UTC`, to the second. */
function goTimeMs(text: string | undefined): number | undefined {
  const match = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.\d+)? ([+-]\d\d)(\d\d)/.exec(text ?? '');
  if (match === null) return undefined;
  const ms = Date.parse(`${match[1] ?? ''}T${match[2] ?? ''}${match[3] ?? ''}:${match[4] ?? ''}`);
  return Number.isNaN(ms) ? undefined : ms;
}
