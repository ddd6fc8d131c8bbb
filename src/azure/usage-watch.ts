import type { Clock } from '../clock.ts';
import type { VirtualPool } from '../config.ts';
import type { LimitsObservation } from '../decide/observation.ts';
import type { PolicyBurst } from '../limits/burst-limits.ts';
import { Alarm } from './alarm.ts';
import type { Arm, Usage } from './arm.ts';
import { ArmFailure } from './failure.ts';
import type { PodsOnPool } from './pool-pods.ts';
import { promisedToOthers } from './promised.ts';
import { countedIn, type QuotaSample, quotaRoom, uncounted } from './quota.ts';
import type { AzureSettings } from './settings.ts';

export interface UsageWatchOptions {
  readonly arm: Pick<Arm, 'usage' | 'groups'> & { quietSeconds(): number };
  readonly settings: AzureSettings;
  /** The virtual pools whose quota it is. */
  readonly served: readonly VirtualPool[];
  readonly pods: PodsOnPool;
  readonly clock: Clock;
  /** A look failed. */
  readonly onFailure: (failure: ArmFailure) => void;
  /** A usage was read. */
  readonly onSample: () => void;
}

/** How far the quota lets one policy burst. */
export type QuotaOutlook = Pick<LimitsObservation, 'freeQuota' | 'quota' | 'quotaSeconds'>;

/** A quota as it stands: what Azure counts, and what is free with one's own young pods taken off. */
export interface UsageTold extends Usage {
  readonly free: number;
}

/** While pods are not in the usage yet, or have left it, it is read so often: they are charged meanwhile. */
const doubtSeconds = 15;
/** However much fails, the usage is not asked for sooner after the last time. */
const closestSeconds = 10;

/** Reads the usage of the region on a schedule, and sooner after failures; keeps the last that is known. */
export class UsageWatch {
  readonly #options: UsageWatchOptions;
  readonly #alarm: Alarm;
  #sample: QuotaSample | undefined;
  /** `clock.elapsed()` of that sample, of the last attempt, and of the next. */
  #sampledMs = Number.NEGATIVE_INFINITY;
  #triedMs = Number.NEGATIVE_INFINITY;
  #nextMs = Number.NEGATIVE_INFINITY;

  constructor(options: UsageWatchOptions) {
    this.#options = options;
    this.#alarm = new Alarm(options.clock);
  }

  /** Follows the usage until `signal` aborts; `onFirst` hears the end of the first look. Never rejects. */
  async run(signal: AbortSignal, onFirst: () => void): Promise<void> {
    const { settings, pods, clock } = this.#options;
    for (let looks = 0; !signal.aborted; looks += 1) {
      await this.#look(signal);
      if (looks === 0) onFirst();
      const sample = this.#sample;
      const inDoubt = sample !== undefined && uncounted(sample, pods.pods()).length > 0;
      const seconds = inDoubt
        ? Math.min(settings.usageEverySeconds, doubtSeconds)
        : settings.usageEverySeconds;
      const waitSeconds = Math.max(seconds, this.#options.arm.quietSeconds());
      this.#nextMs = clock.elapsed() + waitSeconds * 1000;
      await this.#alarm.wait(waitSeconds, signal);
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { arm, pods, clock, onFailure, onSample } = this.#options;
    this.#triedMs = clock.elapsed();
    try {
      // A list before the usage tells which of the pods that do not run yet are in it.
      const starts = pods.pods().some(({ running }) => !running);
      const listed = starts ? await this.#listed(signal) : [];
      const atMs = clock.now();
      const startedMs = clock.elapsed();
      const counted = countedIn(pods.pods(), new Set(listed), atMs);
      const usages = await arm.usage(signal);
      if (usages.length === 0) throw new ArmFailure('AZURE_FAILED');
      this.#sample = { atMs, usages, counted };
      this.#sampledMs = startedMs;
      onSample();
    } catch (error) {
      if (!signal.aborted) onFailure(error instanceof ArmFailure ? error : new ArmFailure('AZURE_FAILED'));
    }
  }

  /** Of which pods there are groups. A list that cannot be had keeps no usage from being read: no pod counts as listed then. */
  async #listed(signal: AbortSignal): Promise<readonly string[]> {
    const { arm, onFailure } = this.#options;
    try {
      return (await arm.groups(signal)).flatMap(({ pod }) => pod?.uid ?? []);
    } catch (error) {
      if (signal.aborted) throw error;
      onFailure(error instanceof ArmFailure ? error : new ArmFailure('AZURE_FAILED'));
      return [];
    }
  }

  /** A burst pod failed: what is known of the quota is wrong, or about to be. */
  failed(): void {
    const { clock, arm } = this.#options;
    const sinceSeconds = (clock.elapsed() - this.#triedMs) / 1000;
    this.#alarm.within(Math.max(0, closestSeconds - sinceSeconds, arm.quietSeconds()));
  }

  /** How far the quota lets a policy burst now: the last that is known, else as configured. */
  current({ policy, asked, running, others }: PolicyBurst): QuotaOutlook {
    const { settings, served, pods, clock } = this.#options;
    const sample = this.#sample;
    const ageSeconds = (clock.elapsed() - this.#sampledMs) / 1000;
    const nextSeconds = Math.max(1, (this.#nextMs - clock.elapsed()) / 1000 + 1);
    if (sample === undefined || ageSeconds > settings.staleAfterSeconds) {
      const freeQuota = settings.whenUnknown === 'Hold' ? 0 : undefined;
      const known = sample === undefined ? {} : { ageSeconds: Math.round(ageSeconds) };
      return { freeQuota, quota: { state: 'unknown', ...known }, quotaSeconds: nextSeconds };
    }
    const cores = pods.coresOf(policy) ?? assumedCores;
    const serves = (name: string): boolean => served.some((pool) => pool.name === name);
    const coresOf = (other: typeof policy): number | undefined => pods.coresOf(other);
    const room = quotaRoom({
      sample,
      pods: pods.pods(),
      cores,
      promised: [
        { replicas: Math.max(0, asked - running), cores },
        ...promisedToOthers({ policy, serves, others, coresOf, assumedCores }),
      ],
    });
    if (room === undefined) return { freeQuota: undefined };
    const { replicas, ...quota } = room;
    const scarce = replicas < policy.burst.maxReplicas;
    return {
      freeQuota: replicas,
      quota: { state: 'known', ...quota, ageSeconds: Math.round(ageSeconds) },
      ...(scarce ? { quotaSeconds: nextSeconds } : {}),
    };
  }

  /** For metrics; undefined: no usage was read yet. */
  told(): { readonly atMs: number; readonly usages: readonly UsageTold[] } | undefined {
    const sample = this.#sample;
    if (sample === undefined) return undefined;
    const all = this.#options.pods.pods();
    const usages = sample.usages.map((usage) => {
      const one = quotaRoom({ sample: { ...sample, usages: [usage] }, pods: all, cores: 1, promised: [] });
      return { ...usage, free: one?.free ?? Math.max(0, usage.limit - usage.used) };
    });
    return { atMs: sample.atMs, usages };
  }
}

/** A template whose size nobody knows counts as a container that asks for nothing (azure-aci). */
const assumedCores = 1;
