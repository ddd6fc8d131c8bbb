import type { Clock } from '../clock.ts';
import type { ClusterClient } from '../cluster/client.ts';
import type { Lease } from '../cluster/lease.ts';
import type { ClusterView } from '../cluster/view.ts';
import type { Controller } from '../controller.ts';
import { ExternalMetrics } from '../external-metrics/external-metrics.ts';
import type { ExternalMetricsSettings } from '../external-metrics/settings.ts';
import type { BurstPolicy } from '../policy/schema.ts';
import type { Logger } from '../report/log.ts';

export interface ServeExternalMetricsOptions {
  /** Undefined: nothing is served. */
  readonly settings: ExternalMetricsSettings | undefined;
  /** That of Spillway. */
  readonly namespace: string;
  readonly client: ClusterClient;
  readonly clock: Clock;
  readonly view: ClusterView;
  readonly controller: Controller;
  readonly lease: Lease;
  readonly log: Logger;
}

/** Serves the external metrics API from this process, if it is switched on. Throws EXTERNAL_METRICS_LISTEN_FAILED. */
export async function serveExternalMetrics(
  options: ServeExternalMetricsOptions,
): Promise<ExternalMetrics | undefined> {
  const { settings, namespace, client, clock, view, controller, lease, log } = options;
  if (settings === undefined) return undefined;
  let synced = false;
  const markSynced = async (): Promise<void> => {
    await view.synced;
    synced = true;
  };
  void markSynced();
  const serving = await ExternalMetrics.start({
    client,
    clock,
    known: {
      synced: () => synced,
      policies: () => view.policies().map(({ raw }) => raw as BurstPolicy),
      decision: (policy) => controller.lastDecision(policy)?.decision,
      ledSecondsAgo: () => lease.ledSecondsAgo(),
    },
    host: settings.host,
    port: settings.port,
    certDir: settings.certDir,
    service: { name: settings.service.name, namespace: settings.service.namespace ?? namespace },
    namespace,
    onCertificate: () => log.info('external metrics: certificate loaded'),
    onProblem: (error) => log.warn({ err: error }, 'external metrics'),
  });
  log.info({ port: serving.port }, 'serving external metrics');
  return serving;
}
