import type { AzureTold, AzureWatch } from '../azure/azure-watch.ts';
import type { Environment } from '../azure/credential.ts';
import type { ArmFailure } from '../azure/failure.ts';
import type { Orphan } from '../azure/orphans.ts';
import type { Clock } from '../clock.ts';
import { isStatus } from '../cluster/api-error.ts';
import type { ClusterClient } from '../cluster/client.ts';
import type { Fence } from '../cluster/lease.ts';
import type { ClusterView } from '../cluster/view.ts';
import type { Config, VirtualPool } from '../config.ts';
import type { ProviderLimits } from '../limits/provider.ts';
import type { Logger } from '../report/log.ts';
import type { Metrics } from '../report/metrics.ts';
import { orphanEvent, orphanEventNamespace } from '../report/orphan-event.ts';

export interface StartAzureOptions {
  readonly config: Config;
  readonly environment: Environment;
  /** An authority in PEM that is trusted besides the usual ones, for a fake ARM; undefined: none. */
  readonly ca: string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** Azure, as far as a controller needs it. */
export interface Azure {
  /** The pools of the configuration, those on Container Instances bounded by what their region offers. */
  readonly virtualPools: readonly VirtualPool[];
  /** Looks at the cluster through `view` from now on. */
  follow(parts: FollowParts): FollowedAzure;
}

export interface FollowParts {
  readonly view: ClusterView;
  readonly client: ClusterClient;
  /** Name of the pod that this runs in: it stands on Events. */
  readonly instance: string;
}

export interface FollowedAzure {
  readonly provider: ProviderLimits;
  /** Begins to ask: this process leads. Resolves when the first usage is there, or after 5 s. Never rejects. */
  lead(fence: Fence): Promise<void>;
  /** Ends asking. Never rejects. */
  rest(): Promise<void>;
}

/**
 * Opens what the key `azure` of the configuration asks for; undefined: it asks for nothing, and then nothing of Azure is loaded.
 * Throws AZURE_POOL_UNKNOWN, AZURE_CREDENTIAL_MISSING and AZURE_REGION_UNKNOWN.
 */
export async function startAzure(options: StartAzureOptions): Promise<Azure | undefined> {
  const { config, environment, ca, clock, log, metrics } = options;
  const settings = config.azure;
  if (settings === undefined) return undefined;
  const { AzureWatch, openAzure, PoolPods } = await import('../azure/index.ts');
  const problems = new Problems(log);
  const opened = await openAzure({
    settings,
    virtualPools: config.virtualPools,
    environment,
    ca,
    clock,
    onCall: ({ api, outcome }) => {
      metrics.countAzureCall(api, outcome);
      if (outcome === 'ok') problems.over();
    },
    onFailure: (failure) => problems.tell(failure),
  });
  const { arm, region, served, virtualPools } = opened;
  return {
    virtualPools,
    follow({ view, client, instance }) {
      let fence: Fence = nobodyLeads;
      const { maxCacheAgeSeconds, breaker } = config;
      const pods = new PoolPods({
        view,
        pools: virtualPools,
        served,
        maxCacheAgeSeconds,
        onFailure: () => provider.failed(),
      });
      const provider: AzureWatch = new AzureWatch({
        arm,
        region,
        settings,
        served,
        pods,
        clock,
        stuckCreatingAfterSeconds: breaker.stuckCreatingAfterSeconds,
        onFailure: (failure) => problems.tell(failure),
        onTold: (told) => metrics.recordAzure(figuresOf(told)),
        onStarted: (seconds) => metrics.observeGroupStart(seconds),
        onOrphan: (reason, orphan) => {
          const note = noteOf(reason, orphan, settings.orphans);
          log[reason === 'OrphanFound' ? 'warn' : 'info']({ group: orphan.group, reason }, note);
          if (!fence.holds()) return;
          const { namespace, name, nodeName, uid } = orphan.pod;
          const pod = `${namespace}/${name}`;
          const news = { reason, group: orphan.group, pod, nodeName, uid, note, atMs: clock.now() };
          void send(client, orphanEvent(news, instance), log);
        },
      });
      return {
        provider,
        async lead(granted) {
          fence = granted;
          pods.open();
          await provider.open(() => fence.holds());
        },
        async rest() {
          fence = nobodyLeads;
          await provider.close();
          pods.close();
          metrics.recordAzure(undefined);
        },
      };
    },
  };
}

const nobodyLeads: Fence = { holds: () => false };

/** Tells a problem when it begins and when it ends, not at each call. */
class Problems {
  readonly #log: Logger;
  #code: string | undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  tell({ code, message, status, azureCode, retryAfterSeconds }: ArmFailure): void {
    // The breaker says nothing new: what opened it was told.
    if (code === this.#code || code === 'AZURE_BREAKER_OPEN') return;
    this.#code = code;
    this.#log.warn({ code, status, azureCode, retryAfterSeconds }, message);
  }

  over(): void {
    if (this.#code !== undefined) this.#log.info({ was: this.#code }, 'Azure answers again');
    this.#code = undefined;
  }
}

function figuresOf({ usages, usageAtMs, orphans }: AzureTold): Parameters<Metrics['recordAzure']>[0] {
  const prices = orphans?.map(({ pricePerHour }) => pricePerHour ?? 0) ?? [];
  const isPriced = orphans?.some(({ pricePerHour }) => pricePerHour !== undefined) === true;
  return {
    usages,
    usageAtMs,
    orphans: orphans?.length,
    orphansPerHour: isPriced ? prices.reduce((sum, price) => sum + price, 0) : undefined,
  };
}

function noteOf(
  reason: 'OrphanFound' | 'OrphanReaped',
  { group, pod, pricePerHour, sinceMs }: Orphan,
  orphans: 'report' | 'reap',
): string {
  const made = pod.createdAtMs ?? sinceMs;
  const cost = pricePerHour === undefined ? '' : ` and costs ${(pricePerHour * 24).toFixed(2)} a day`;
  const since = `of ${new Date(made).toISOString().slice(0, 16)}Z`;
  const what = `The container group ${group} ${since} has no pod any more (${pod.namespace}/${pod.name})${cost}.`;
  if (reason === 'OrphanReaped') return `${what} It was deleted.`;
  return orphans === 'reap'
    ? `${what} It is deleted when azure.orphanGraceSeconds are over.`
    : `${what} Delete it, or set azure.orphans to reap.`;
}

/** Sends an Event. One that cannot be sent is logged: the log has said the same already. */
async function send(
  client: ClusterClient,
  event: ReturnType<typeof orphanEvent>,
  log: Logger,
): Promise<void> {
  const path = `/apis/events.k8s.io/v1/namespaces/${orphanEventNamespace}/events?fieldManager=spillway`;
  try {
    await client.request('POST', path, { body: event, timeoutMs: 4_000 });
  } catch (error) {
    if (!isStatus(error, 409)) log.warn({ err: error }, 'event not sent');
  }
}
