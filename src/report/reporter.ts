import { isStatus, namespaceTerminating } from '../cluster/api-error.ts';
import type { ClusterClient } from '../cluster/client.ts';
import type { Fence } from '../cluster/lease.ts';
import { isAskedToWait } from '../cluster/throttle.ts';
import type { Policy } from '../policy/policy.ts';
import type { BurstPolicyStatus } from '../policy/schema.ts';
import { eventObject } from './event-object.ts';
import type { BurstEvent } from './events.ts';
import type { Logger } from './log.ts';

export interface ReporterOptions {
  readonly client: ClusterClient;
  readonly fence: Fence;
  readonly log: Logger;
  /** Name of the pod that reports. */
  readonly instance: string;
}

/** Tells the cluster what was decided: status and Events. Telling never stands in the way of doing. */
export class Reporter {
  readonly #options: ReporterOptions;

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  /**
   * Writes the status over the object that it was computed for; a newer version of the object refuses it. Returns
   * what the API server answered; undefined: not written, the next pass will.
   */
  async status(
    object: unknown,
    policy: { key: string; namespace: string; name: string },
    status: BurstPolicyStatus,
  ): Promise<unknown> {
    const { client, fence, log } = this.#options;
    if (!fence.holds() || typeof object !== 'object') return undefined;
    try {
      return await client.request(
        'PUT',
        `/apis/spillway.dev/v1alpha1/namespaces/${policy.namespace}/burstpolicies/${policy.name}/status?fieldManager=spillway`,
        { body: { ...object, status }, timeoutMs: 4_000 },
      );
    } catch (error) {
      if (!isStatus(error, 409) && !isStatus(error, 404) && !isAskedToWait(error)) {
        log.warn({ policy: policy.key, err: error }, 'status not written');
      }
      return undefined;
    }
  }

  /** Sends Events, one after the other. One that cannot be sent is logged: it carries nothing that status does not. */
  async events(policy: Policy, events: readonly BurstEvent[]): Promise<void> {
    const { client, fence, log, instance } = this.#options;
    for (const event of events) {
      log.info({ policy: policy.key, decision: event.decisionId, reason: event.reason }, event.note);
      if (!fence.holds()) return;
      try {
        await client.request(
          'POST',
          `/apis/events.k8s.io/v1/namespaces/${policy.namespace}/events?fieldManager=spillway`,
          {
            body: eventObject({ event, policy, instance }),
            timeoutMs: 4_000,
          },
        );
      } catch (error) {
        // A namespace that is being deleted takes no Events, and nobody will look for them.
        const ends = isStatus(error, 403) && error.reason === namespaceTerminating;
        if (!isStatus(error, 409) && !ends) log.warn({ policy: policy.key, err: error }, 'event not sent');
      }
    }
  }
}
