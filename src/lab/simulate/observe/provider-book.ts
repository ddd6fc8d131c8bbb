import type { FailureCause } from '../../../decide/observation.ts';
import { causeIn, failureOf } from '../../../limits/failure-cause.ts';
import { emptyLedger, type Ledger, type LedgerSettings, sawPod } from '../../../limits/ledger.ts';
import type { StartingSince } from '../../../limits/outlook.ts';
import type { Change } from '../../world/change-log.ts';
import { isActive, isReady } from '../../world/conditions.ts';
import type { Pod } from '../../world/kube.ts';
import { isBoundTo } from './pods.ts';

export interface ProviderBookOptions {
  /** Name of the virtual pool, and of its only node. */
  readonly pool: string;
  readonly nodeName: string;
  readonly settings: LedgerSettings;
  /** What tells burst pods of one template from those of another; undefined: it is not one of ours. */
  readonly templateOf: (pod: Pod) => string | undefined;
  readonly now: () => number;
}

/** What the simulated controller learns of its provider by the pods on the virtual node: creations, successes, failures. */
export class ProviderBook {
  readonly #options: ProviderBookOptions;
  readonly #pods = new Map<string, { pod: Pod; wasReady: boolean; readonly boundAtMs: number }>();
  #ledger: Ledger = emptyLedger;

  constructor(options: ProviderBookOptions) {
    this.#options = options;
  }

  get ledger(): Ledger {
    return this.#ledger;
  }

  take({ type, resource, object }: Change): void {
    if (resource !== 'pods') return;
    const pod = object as Pod;
    const { uid } = pod.metadata;
    if (type === 'DELETED') {
      this.#pods.delete(uid);
      return;
    }
    if (!isBoundTo(pod, this.#options.nodeName)) return;
    const known = this.#pods.get(uid) ?? { pod, wasReady: false, boundAtMs: this.#options.now() };
    known.pod = pod;
    this.#pods.set(uid, known);
    const becameReady = isReady(pod) && !known.wasReady;
    known.wasReady ||= becameReady;
    this.#see(pod, known.boundAtMs, becameReady);
  }

  /** Why the node failed a pod, by UID; counts those that fail by time alone. */
  failures(): ReadonlyMap<string, FailureCause> {
    const failed = new Map<string, FailureCause>();
    for (const [uid, { pod, boundAtMs }] of this.#pods) {
      const cause = this.#causeOf(pod, boundAtMs);
      if (cause === undefined) continue;
      failed.set(uid, cause);
      this.#see(pod, boundAtMs, false);
    }
    return failed;
  }

  /** When the youngest burst pods that still start were bound. */
  startingSince(template: string | undefined): StartingSince {
    let [pool, ofTemplate]: [number | undefined, number | undefined] = [undefined, undefined];
    for (const { pod, boundAtMs } of this.#pods.values()) {
      const own = this.#options.templateOf(pod);
      if (own === undefined || !isActive(pod) || isReady(pod)) continue;
      if (this.#causeOf(pod, boundAtMs) !== undefined) continue;
      pool = Math.max(pool ?? 0, boundAtMs);
      if (own === template) ofTemplate = Math.max(ofTemplate ?? 0, boundAtMs);
    }
    return { pool, template: ofTemplate };
  }

  #causeOf(pod: Pod, boundAtMs: number): FailureCause | undefined {
    return failureOf(this.#failing(pod, boundAtMs), this.#options.now(), this.#options.settings);
  }

  #failing(pod: Pod, boundAtMs: number) {
    const { metadata, status } = pod;
    const { deletionTimestamp } = metadata;
    return {
      failure: causeIn(status),
      phase: status.phase ?? 'Pending',
      boundAtMs,
      endsAtMs: deletionTimestamp === undefined ? undefined : Date.parse(deletionTimestamp),
    };
  }

  #see(pod: Pod, boundAtMs: number, becameReady: boolean): void {
    const { pool, settings, templateOf, now } = this.#options;
    const seen = {
      ...this.#failing(pod, boundAtMs),
      uid: pod.metadata.uid,
      pool,
      template: templateOf(pod),
      costly: false,
      becameReady,
    };
    this.#ledger = sawPod(this.#ledger, seen, now(), settings).ledger;
  }
}
