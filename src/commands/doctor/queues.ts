import type { Clock } from '../../clock.ts';
import type { ClusterClient } from '../../cluster/client.ts';
import { secretsOf } from '../../cluster/secrets.ts';
import type { Sample } from '../../decide/observation.ts';
import type { WorkersSample } from '../../demand/drain.ts';
import { openDemand } from '../../demand/demand.ts';
import type { PrometheusSettings } from '../../demand/prometheus-settings.ts';
import type { SecretReader } from '../../demand/secret-reader.ts';
import type { WatchRequest } from '../../demand/source.ts';

/** How long a queue may take to answer, ms. */
const patienceMs = 6_000;

/** Looks once into the queues of sources, from where the doctor runs. */
export interface QueueLooker {
  readonly secrets: SecretReader;
  /** The first reading; undefined: there was none in time. */
  sample(request: WatchRequest): Promise<Sample | undefined>;
  /** The first reports of the workers; undefined: there were none in time. */
  workers(request: WatchRequest): Promise<WorkersSample | undefined>;
  close(): Promise<void>;
}

/** Reads sources as the controller does, over the same code, with the Secrets that the user may read. */
export function lookIntoQueues(
  client: ClusterClient,
  clock: Clock,
  prometheus: readonly PrometheusSettings[],
): QueueLooker {
  const all = secretsOf(client, clock);
  // One look is enough: nobody waits for a Secret to change.
  const secrets: SecretReader = {
    read: (namespace, name, signal) => all.read(namespace, name, signal),
    watch: () => () => {},
  };
  const demand = openDemand({ secrets, prometheus }, clock);
  return {
    secrets,
    sample: (request) => first((signal) => demand.watch(request, signal)),
    workers: (request) => first((signal) => demand.workers(request, signal)),
    close: () => demand.close(),
  };
}

async function first<T>(watch: (signal: AbortSignal) => AsyncIterable<T>): Promise<T | undefined> {
  for await (const sample of watch(AbortSignal.timeout(patienceMs))) return sample;
  return undefined;
}
