import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { systemClock } from '../clock.ts';
import { watchGrowth } from '../cluster/growth.ts';
import { connect, userAgentOf } from '../cluster/client.ts';
import { Lease, type LeaseTimings } from '../cluster/lease.ts';
import { secretsOf } from '../cluster/secrets.ts';
import { ClusterView } from '../cluster/view.ts';
import type { Config } from '../config.ts';
import { Controller } from '../controller.ts';
import type { RecordedDecision } from '../decide/decision.ts';
import { openDemand } from '../demand/demand.ts';
import { sentence } from '../errors.ts';
import { ClusterLimits } from '../limits/cluster-limits.ts';
import { ledgerName, LedgerStore } from '../limits/ledger-store.ts';
import type { Logger } from '../report/log.ts';
import { createMetrics } from '../report/metrics.ts';
import { version } from '../version.ts';
import { createApp } from '../web/app.ts';
import { listen } from '../web/server.ts';
import { watchHealth } from './health.ts';
import type { Environment } from '../azure/credential.ts';
import { startAzure } from './azure.ts';
import { serveExternalMetrics } from './serve-external-metrics.ts';
import { within } from './within.ts';

export interface RunOptions {
  /** Undefined: the ServiceAccount of the pod that this runs in. */
  readonly kubeconfigPath: string | undefined;
  readonly config: Config;
  readonly log: Logger;
  /** Name of this pod: it stands in the User-Agent, on the Lease and on Events. */
  readonly podName?: string;
  /** Other than client-go's, for tests. */
  readonly leaseTimings?: LeaseTimings;
  /** How a fake ARM is trusted and logged in to, for the demo; left out: as the environment says. */
  readonly fakeArm?: { readonly ca: string; readonly environment: Environment };
}

/** A controller that runs in this process. */
export interface Running {
  /** Port that health, metrics and decisions are served on. */
  readonly port: number;
  /** The last decision on a policy (`namespace/name`); undefined: none since this process began to lead. */
  lastDecision(policy: string): RecordedDecision | undefined;
  /** Finishes the write under way, gives the Lease back and closes everything; resolves when nothing is left open. */
  close(): Promise<void>;
}

/** How long a write under way may take once the end has been asked for, ms. */
const lastWriteMs = 5_000;

/** A pass that takes so long hangs: every call that it makes gives up much earlier, seconds. */
const hangsAfterSeconds = 120;

/** Starts the controller: caches, election, loop and web server. Throws when it cannot listen or has no credentials. */
export async function startController(options: RunOptions): Promise<Running> {
  const { log, fakeArm } = options;
  const clock = systemClock;
  const podName = options.podName ?? process.env.POD_NAME ?? hostname();
  const metrics = createMetrics({ version });
  const azure = await startAzure({
    config: options.config,
    environment: fakeArm?.environment ?? process.env,
    ca: fakeArm?.ca,
    clock,
    log,
    metrics,
  });
  const config =
    azure === undefined ? options.config : { ...options.config, virtualPools: azure.virtualPools };
  const client = connect({
    kubeconfigPath: options.kubeconfigPath,
    userAgent: userAgentOf(version, podName),
    onCall: (call) => metrics.countApiCall(call),
  });
  const view = new ClusterView({
    client,
    clock,
    config,
    onProblem: (kind, error) => log.debug({ kind, err: error }, 'watch interrupted'),
  });
  const stopViewing = new AbortController();
  const growth = watchGrowth({
    client,
    clock,
    signal: stopViewing.signal,
    onChange: (now) => log.info({ growth: now }, 'autoscaler says whether more VMs can come'),
  });
  const demand = openDemand({ secrets: secretsOf(client, clock), prometheus: config.prometheus }, clock);
  const namespace = config.lease.namespace ?? client.namespace ?? 'default';
  const followed = azure?.follow({ view, client, instance: podName });
  const limits = new ClusterLimits({
    view,
    config,
    clock,
    provider: followed?.provider,
    onFailure: ({ pool, cause }) => {
      log.warn({ pool, cause }, 'burst pod failed');
      metrics.countBurstFailure(pool, cause);
    },
    onUnreadable: () =>
      log.error(
        { code: 'LEDGER_UNREADABLE' },
        sentence('LEDGER_UNREADABLE', { name: ledgerName, namespace }),
      ),
    onProblem: (error) => log.warn({ err: error }, 'ledger not read or written'),
  });
  const controller = new Controller({
    view,
    growth: () => growth.current(),
    demand,
    drain: demand,
    limits,
    ledgerOf: (fence) => new LedgerStore({ client, fence, namespace }),
    client,
    metrics,
    log,
    clock,
    instance: podName,
    maxCacheAgeSeconds: config.maxCacheAgeSeconds,
  });
  const serving = listen(
    createApp({
      alive: () => controller.slowestPassSeconds() < hangsAfterSeconds,
      caches: () =>
        Object.fromEntries(
          view.health().map((one) => [one.kind, one.state === 'watching' || one.state === 'absent']),
        ),
      metrics,
      decision: (policy) => controller.lastDecision(policy),
      onError: (error) => log.error({ err: error }, 'request failed'),
    }),
    { ...config.http, clock },
  );
  const server = await serving.catch(async (error: unknown) => {
    stopViewing.abort();
    await demand.close();
    await client.close();
    throw error;
  });

  const stopStanding = new AbortController();
  let stopLeading = new AbortController();
  let led: Promise<unknown> = Promise.resolve();
  const leadAfter = async (before: Promise<unknown>, signal: AbortSignal): Promise<void> => {
    await before;
    await followed?.lead(lease);
    try {
      await Promise.all([controller.lead(lease, signal), externalMetrics?.lead(lease, signal)]);
    } finally {
      await followed?.rest();
    }
  };
  const lease = new Lease({
    client,
    clock,
    namespace,
    name: config.lease.name,
    identity: `${podName}_${randomUUID()}`,
    ...(options.leaseTimings === undefined ? {} : { timings: options.leaseTimings }),
    onAcquired: () => {
      log.info({ lease: config.lease.name }, 'leading');
      metrics.setLeader(true);
      stopLeading = new AbortController();
      led = leadAfter(led, stopLeading.signal);
    },
    onLost: () => {
      log.info({ lease: config.lease.name }, 'not leading any more');
      metrics.setLeader(false);
      stopLeading.abort();
    },
    onFollowing: (holder) => log.info({ lease: config.lease.name, holder }, 'standing by: another leads'),
    onProblem: (error) => log.warn({ err: error }, 'lease not written'),
  });

  const externalMetrics = await serveExternalMetrics({
    settings: config.externalMetrics,
    namespace,
    client,
    clock,
    view,
    controller,
    lease,
    log,
  }).catch(async (error: unknown) => {
    stopViewing.abort();
    await demand.close();
    await server.close();
    await client.close();
    throw error;
  });

  const viewing = view.run(stopViewing.signal);
  const endHealth = watchHealth(view, metrics, clock);
  log.info({ version, podName, port: server.port }, 'started');
  const standing = Promise.race([view.synced, aborted(stopStanding.signal)]).then(() => {
    if (!stopStanding.signal.aborted) log.info({ policies: view.policies().length }, 'caches synced');
    return lease.run(stopStanding.signal);
  });

  return {
    port: server.port,
    lastDecision: (policy) => controller.lastDecision(policy),
    async close() {
      stopLeading.abort();
      await within(lastWriteMs, led);
      stopStanding.abort();
      await standing;
      await demand.close();
      endHealth();
      stopViewing.abort();
      await viewing;
      await externalMetrics?.close();
      await server.close();
      await client.close();
      log.info('ended');
    },
  };
}

/** `spillway run`: the controller until SIGTERM or SIGINT. Resolves to the exit code. */
export async function run(options: RunOptions): Promise<number> {
  const asked = new AbortController();
  const ask = (signal: NodeJS.Signals): void => {
    options.log.info({ signal }, 'ending');
    asked.abort();
  };
  process.once('SIGTERM', ask).once('SIGINT', ask);
  const running = await startController(options);
  await aborted(asked.signal);
  await running.close();
  return 0;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
