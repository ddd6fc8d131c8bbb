import type { Clock } from '../clock.ts';
import { pricePerHour } from '../limits/price.ts';
import { Alarm } from './alarm.ts';
import type { Arm, Group } from './arm.ts';
import { ArmFailure } from './failure.ts';
import { type GroupTold, startSeconds, tellGroup } from './group-state.ts';
import { keyOf, lookForOrphans, type Orphan, type Suspects } from './orphans.ts';
import type { PodsOnPool, PoolPod } from './pool-pods.ts';
import type { AzureSettings } from './settings.ts';

export interface GroupsWatchOptions {
  readonly arm: Arm & { quietSeconds(): number };
  readonly settings: AzureSettings;
  readonly pods: PodsOnPool;
  readonly clock: Clock;
  /** A group whose pod is older than this and that does not run is stuck, seconds. */
  readonly stuckCreatingAfterSeconds: number;
  readonly onFailure: (failure: ArmFailure) => void;
  /** The groups were looked at. */
  readonly onLook: () => void;
  /** A burst pod's containers run, so many seconds after it was created; told once for each. */
  readonly onStarted: (seconds: number) => void;
  readonly onOrphan: (reason: 'OrphanFound' | 'OrphanReaped', orphan: Orphan) => void;
}

/** So many groups are asked for one by one in a look, and so many orphans deleted: the next look goes on. */
const mostGets = 60;
const mostReaps = 10;

/** Looks at the container groups of the pool on a schedule: how they fare, and whose pod is gone. */
export class GroupsWatch {
  readonly #options: GroupsWatchOptions;
  readonly #alarm: Alarm;
  /** By UID of the pod. */
  readonly #told = new Map<string, GroupTold>();
  /** Pods whose start was told. */
  readonly #measured = new Set<string>();
  #suspects: Suspects = new Map();
  #orphans: readonly Orphan[] | undefined;
  /** Orphans that were told, by `keyOf`. */
  readonly #found = new Set<string>();

  constructor(options: GroupsWatchOptions) {
    this.#options = options;
    this.#alarm = new Alarm(options.clock);
  }

  /** Follows the groups until `signal` aborts. `mayWrite`: whether an orphan may be deleted at this moment. Never rejects. */
  async run(signal: AbortSignal, mayWrite: () => boolean): Promise<void> {
    const { settings, arm } = this.#options;
    while (!signal.aborted) {
      await this.#look(signal, mayWrite);
      await this.#alarm.wait(Math.max(settings.groupsEverySeconds, arm.quietSeconds()), signal);
    }
  }

  async #look(signal: AbortSignal, mayWrite: () => boolean): Promise<void> {
    const { arm, onLook } = this.#options;
    try {
      const groups = await arm.groups(signal);
      this.#seek(groups);
      // Asking for them one by one takes its time.
      onLook();
      await this.#ask(groups, signal);
      if (this.#options.settings.orphans !== 'reap') return;
      await this.#reap(signal, mayWrite);
      onLook();
    } catch (error) {
      if (signal.aborted) return;
      this.#options.onFailure(error instanceof ArmFailure ? error : new ArmFailure('AZURE_FAILED'));
    }
  }

  /** What is known of the group of a pod, by the pod's UID. */
  groupOf(uid: string): GroupTold | undefined {
    return this.#told.get(uid);
  }

  /** As of the last look; undefined: there was none. */
  orphans(): readonly Orphan[] | undefined {
    return this.#orphans;
  }

  /** Asks for the groups of pods that do not run yet, or whose start was not told yet; those that wait longest first. */
  async #ask(groups: readonly Group[], signal: AbortSignal): Promise<void> {
    const { arm, pods, clock, stuckCreatingAfterSeconds, onStarted } = this.#options;
    const names = new Map(groups.flatMap(({ name, pod }) => (pod === undefined ? [] : [[pod.uid, name]])));
    const all = pods.pods();
    this.#forgetAllBut(all);
    const wanted = all
      .filter(({ uid, ready }) => !ready || !this.#measured.has(uid))
      .sort((a, b) => (a.boundAtMs ?? 0) - (b.boundAtMs ?? 0))
      .flatMap(({ uid }) => {
        const name = names.get(uid);
        return name === undefined ? [] : [{ uid, name }];
      });
    for (const { uid, name } of wanted.slice(0, mostGets)) {
      const view = await arm.group(name, signal);
      if (view?.pod?.uid !== uid) continue;
      this.#told.set(uid, tellGroup(view, clock.now(), stuckCreatingAfterSeconds));
      const seconds = startSeconds(view);
      if (view.runningSinceMs === undefined || this.#measured.has(uid)) continue;
      this.#measured.add(uid);
      if (seconds !== undefined) onStarted(seconds);
    }
  }

  #forgetAllBut(pods: readonly PoolPod[]): void {
    const there = new Set(pods.map(({ uid }) => uid));
    for (const uid of this.#told.keys()) if (!there.has(uid)) this.#told.delete(uid);
    for (const uid of this.#measured) if (!there.has(uid)) this.#measured.delete(uid);
  }

  /** To caches that are not fresh, every group could look like an orphan: then nobody is called one. */
  #seek(groups: readonly Group[]): void {
    const { pods, settings, clock, onOrphan } = this.#options;
    if (!pods.fresh()) return;
    const { suspects, orphans } = lookForOrphans(this.#suspects, {
      groups,
      hasNode: (name) => pods.poolOfNode(name) !== undefined,
      priceOf: ({ pod, cores, memoryBytes }) =>
        pricePerHour({ cores, memoryBytes }, pods.poolOfNode(pod.nodeName)?.price),
      hasPod: (pod) => pods.has(pod),
      graceSeconds: settings.orphanGraceSeconds,
      nowMs: clock.now(),
    });
    this.#suspects = suspects;
    this.#orphans = orphans;
    for (const orphan of orphans) {
      const key = keyOf(orphan.group, orphan.pod);
      if (!this.#found.has(key)) onOrphan('OrphanFound', orphan);
      this.#found.add(key);
    }
    for (const key of this.#found) if (!suspects.has(key)) this.#found.delete(key);
  }

  async #reap(signal: AbortSignal, mayWrite: () => boolean): Promise<void> {
    for (const orphan of (this.#orphans ?? []).filter(({ due }) => due).slice(0, mostReaps)) {
      try {
        await this.#reapOne(orphan, signal, mayWrite);
      } catch (error) {
        // One that cannot be deleted must not keep the others.
        if (signal.aborted) return;
        this.#options.onFailure(error instanceof ArmFailure ? error : new ArmFailure('AZURE_FAILED'));
      }
    }
  }

  async #reapOne(orphan: Orphan, signal: AbortSignal, mayWrite: () => boolean): Promise<void> {
    const { arm, onOrphan } = this.#options;
    const view = await arm.group(orphan.group, signal);
    // The name may have become another pod's meanwhile, and the pod may be back.
    const still = view?.pod?.uid === orphan.pod.uid && this.#isGone(orphan);
    if (!still || !mayWrite()) return;
    await arm.deleteGroup(orphan.group, signal);
    this.#orphans = this.#orphans?.filter((one) => one !== orphan);
    onOrphan('OrphanReaped', orphan);
  }

  /** Groups are deleted by name: while any pod has the name of the orphan's, its group may be the one that is meant. */
  #isGone({ pod }: Orphan): boolean {
    const { pods } = this.#options;
    return pods.fresh() && pods.poolOfNode(pod.nodeName) !== undefined && !pods.hasNamed(pod);
  }
}
