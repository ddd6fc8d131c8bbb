import type { Clock } from '../clock.ts';
import type { VirtualPool } from '../config.ts';
import type { FailureCause, GroupObservation } from '../decide/observation.ts';
import type { PolicyBurst } from '../limits/burst-limits.ts';
import type { ProviderLimits, ProviderOutlook } from '../limits/provider.ts';
import type { Arm } from './arm.ts';
import type { ArmFailure } from './failure.ts';
import { isNoteworthy } from './group-state.ts';
import { GroupsWatch } from './groups-watch.ts';
import type { Orphan } from './orphans.ts';
import type { PodsOnPool } from './pool-pods.ts';
import type { RegionBounds } from './region-bounds.ts';
import type { AzureSettings } from './settings.ts';
import { type UsageTold, UsageWatch } from './usage-watch.ts';

/** How Azure stands, for metrics. */
export interface AzureTold {
  /** Milliseconds since the epoch; undefined: no usage was read yet. */
  readonly usageAtMs: number | undefined;
  readonly usages: readonly UsageTold[];
  /** Undefined: nobody looked yet. */
  readonly orphans: readonly Orphan[] | undefined;
}

export interface AzureWatchOptions {
  /** With its `Retry-After` and breakers around it (guarded-arm.ts). */
  readonly arm: Arm & { quietSeconds(): number };
  readonly settings: AzureSettings;
  readonly region: Pick<RegionBounds, 'run'>;
  /** The virtual pools that this is about. */
  readonly served: readonly VirtualPool[];
  readonly pods: PodsOnPool;
  readonly clock: Clock;
  readonly stuckCreatingAfterSeconds: number;
  readonly onFailure: (failure: ArmFailure) => void;
  /** Something is known anew. */
  readonly onTold: (told: AzureTold) => void;
  readonly onStarted: (seconds: number) => void;
  readonly onOrphan: (reason: 'OrphanFound' | 'OrphanReaped', orphan: Orphan) => void;
}

/** A first usage that does not come does not hold bursts up for longer than this, ms. */
const patienceMs = 5_000;

/** So many groups of a policy are told in a decision. */
const mostGroups = 10;

/** Follows what Azure says of virtual pools while this process leads. */
export class AzureWatch implements ProviderLimits {
  readonly #options: AzureWatchOptions;
  readonly #usage: UsageWatch;
  readonly #groups: GroupsWatch;
  readonly #region: Pick<RegionBounds, 'run'>;
  #stop: AbortController | undefined;
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: AzureWatchOptions) {
    const tell = (): void => options.onTold(this.told());
    this.#options = options;
    this.#usage = new UsageWatch({ ...options, onSample: tell });
    this.#groups = new GroupsWatch({ ...options, onLook: tell });
    this.#region = options.region;
  }

  /**
   * Begins to follow usage and groups; resolves when the first usage was read, when that failed, or after 5 s. `mayWrite`:
   * whether this process leads at the moment at which it is asked. Never rejects.
   */
  async open(mayWrite: () => boolean): Promise<void> {
    const stop = new AbortController();
    const waited = new AbortController();
    const first = new Promise<void>((resolve) => {
      const { signal } = stop;
      this.#running = Promise.all([
        this.#usage.run(signal, resolve),
        this.#groups.run(signal, mayWrite),
        this.#region.run(signal),
      ]);
    });
    this.#stop = stop;
    const patience = this.#options.clock.sleep(patienceMs, waited.signal).catch(() => undefined);
    await Promise.race([first, patience]);
    waited.abort();
  }

  /** Ends what `open` began, calls under way included. Never rejects. */
  async close(): Promise<void> {
    this.#stop?.abort();
    await this.#running;
    this.#stop = undefined;
  }

  /** A burst pod failed: the usage is read at once. */
  failed(): void {
    this.#usage.failed();
  }

  current(question: PolicyBurst): ProviderOutlook {
    if (!this.#options.served.includes(question.pool)) return { freeQuota: undefined };
    const groups = this.#groupsOf(question.policy.key);
    return { ...this.#usage.current(question), ...(groups.length === 0 ? {} : { groups }) };
  }

  failureOf(uid: string): FailureCause | undefined {
    return this.#groups.groupOf(uid)?.cause;
  }

  /** Groups of a policy's pods that do not simply run. */
  #groupsOf(policy: string): readonly GroupObservation[] {
    const { pods, clock } = this.#options;
    const nowMs = clock.now();
    return pods
      .pods()
      .filter((pod) => pod.policy === policy)
      .flatMap(({ uid, name: pod }) => {
        const told = this.#groups.groupOf(uid);
        if (told === undefined || !isNoteworthy(told)) return [];
        const { group, state, restarts, events, atMs } = told;
        const ageSeconds = Math.max(0, Math.round((nowMs - atMs) / 1000));
        return [{ pod, group, state, restarts, events, ageSeconds }];
      })
      .slice(0, mostGroups);
  }

  told(): AzureTold {
    const usage = this.#usage.told();
    return { usageAtMs: usage?.atMs, usages: usage?.usages ?? [], orphans: this.#groups.orphans() };
  }
}
