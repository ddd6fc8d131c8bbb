import type { Clock } from './clock.ts';
import type { Growth } from './cluster/autoscaler.ts';
import type { ClusterClient } from './cluster/client.ts';
import type { Fence } from './cluster/lease.ts';
import type { Change } from './cluster/store.ts';
import type { ClusterView } from './cluster/view.ts';
import { Concerned } from './loop/concerned.ts';
import type { RecordedDecision } from './decide/decision.ts';
import type { DrainPort } from './demand/drain.ts';
import type { Demand, WatchRequest } from './demand/source.ts';
import { SpillwayError } from './errors.ts';
import { isNews, sourcesOf } from './loop/news.ts';
import { newState, type PolicyState } from './loop/pass.ts';
import type { ClusterLimits } from './limits/cluster-limits.ts';
import type { LedgerPort } from './limits/ledger-store.ts';
import type { Policy } from './policy/policy.ts';
import { resolvePolicy } from './policy/resolve.ts';
import type { BurstPolicy } from './policy/schema.ts';
import { reconcile } from './loop/reconcile.ts';
import { refuse } from './loop/refuse.ts';
import type { Logger } from './report/log.ts';
import type { Metrics } from './report/metrics.ts';
import { Reporter } from './report/reporter.ts';
import { WorkQueue } from './work-queue.ts';

export interface ControllerOptions {
  readonly view: ClusterView;
  /** Whether more VMs can come, as the cluster's autoscaler tells. */
  readonly growth: () => Growth;
  readonly demand: Demand;
  /** Empties the workers of sources; of the same Redis as `demand`. */
  readonly drain: DrainPort;
  readonly limits: ClusterLimits;
  /** Where the ledger of the limits is kept while this process leads. */
  readonly ledgerOf: (fence: Fence) => LedgerPort;
  readonly client: ClusterClient;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly clock: Clock;
  /** Name of the pod that this runs in: it stands on Events. */
  readonly instance: string;
  readonly maxCacheAgeSeconds: number;
}

/** Passes that nodes and pods cause are at least this far apart, per policy. */
const churnMs = 100;

/** How often the limits are shown in the metrics, ms. */
const limitsToldMs = 5_000;

/** Policies that are worked on at once: a pass waits for the API server most of its time. */
const workers = 4;

/** A policy that is looked after, with its watch on its queues. */
interface Watched extends PolicyState {
  policy: Policy;
  readonly stop: AbortController;
  /** When it was last looked at, `clock.elapsed()`. */
  lookedMs: number;
}

/** The loop: what happens in queues and in the cluster becomes passes over the policies that it concerns. */
export class Controller {
  readonly #options: ControllerOptions;
  readonly #states = new Map<string, Watched>();
  readonly #concerned: Concerned;
  /** Passes under way, and when each began. */
  readonly #passes = new Map<string, number>();
  /** Calls off the look at those who wait for room; undefined: none is due. */
  #cancelRoom: (() => void) | undefined;

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.#concerned = new Concerned(options.view.store);
  }

  /** The last decision on a policy (`namespace/name`); undefined: none since this process began to lead. */
  lastDecision(key: string): RecordedDecision | undefined {
    return this.#states.get(key)?.last;
  }

  /** Seconds that the slowest pass under way has taken so far; a loop that hangs shows here. */
  slowestPassSeconds(): number {
    const startedMs = Math.min(Number.POSITIVE_INFINITY, ...this.#passes.values());
    return Math.max(0, (this.#options.clock.elapsed() - startedMs) / 1000);
  }

  /**
   * Leads until `signal` aborts: looks after every policy. A write under way is finished; then everything that was
   * started is stopped and forgotten, so that the next lead begins from what the cluster says. Never rejects.
   */
  async lead(fence: Fence, signal: AbortSignal): Promise<void> {
    const { view, clock, metrics, limits, ledgerOf } = this.#options;
    const queue = new WorkQueue(clock);
    const reporter = new Reporter({ ...this.#options, fence });
    const stopListening = view.onChange((change) => this.#heard(change, queue));
    for (const policy of view.policies()) queue.add(policy.key);
    const endTelling = this.#tellLimits();
    try {
      await limits.open(ledgerOf(fence));
      await Promise.all(Array.from({ length: workers }, () => this.#work(queue, fence, reporter, signal)));
    } finally {
      endTelling();
      await limits.close();
      stopListening();
      queue.close();
      this.#cancelRoom?.();
      this.#cancelRoom = undefined;
      for (const key of this.#states.keys()) this.#forget(key);
      metrics.forgetPolicies();
      metrics.setPolicies(0);
    }
  }

  /** Shows the limits of all pools in the metrics until the returned function is called. */
  #tellLimits(): () => void {
    const { clock, metrics, limits } = this.#options;
    let cancel = (): void => undefined;
    const tell = (): void => {
      metrics.recordLimits(limits.told());
      cancel = clock.after(limitsToldMs, tell);
    };
    tell();
    return () => {
      cancel();
      metrics.recordLimits(undefined);
    };
  }

  async #work(queue: WorkQueue, fence: Fence, reporter: Reporter, signal: AbortSignal): Promise<void> {
    const { clock, log, metrics } = this.#options;
    for (;;) {
      const key = await queue.next(signal);
      if (key === undefined) return;
      metrics.setWorkQueueDepth(queue.depth);
      this.#passes.set(key, clock.elapsed());
      try {
        const seconds = await this.#look(key, queue, fence, reporter);
        if (seconds === undefined) {
          queue.retry(key);
        } else {
          queue.forget(key);
          if (Number.isFinite(seconds)) queue.addAfter(key, seconds * 1000);
        }
      } catch (error) {
        log.error({ policy: key, err: error }, 'pass failed');
        queue.retry(key);
      } finally {
        this.#passes.delete(key);
        queue.done(key);
      }
    }
  }

  /** One look at one policy; resolves to seconds until the next, undefined: try again soon. */
  async #look(key: string, queue: WorkQueue, fence: Fence, reporter: Reporter): Promise<number | undefined> {
    const { view, metrics, clock } = this.#options;
    const object = view.store.policies.get(key);
    if (object === undefined) {
      this.#forget(key);
      this.#roomChanged(queue);
      return Number.POSITIVE_INFINITY;
    }
    const raw = object.raw as BurstPolicy;
    let policy: Policy;
    try {
      policy = this.#resolved(key, raw);
    } catch (error) {
      if (!(error instanceof SpillwayError)) throw error;
      this.#forget(key);
      return refuse({ ...this.#options, fence, reporter }, object, error);
    }
    const state = this.#watched(policy, queue);
    state.lookedMs = clock.elapsed();
    const others = [...this.#states.values()].filter((other) => other !== state);
    const claimed = state.last?.decision.roomClaim.pods ?? 0;
    const next = await reconcile({ ...this.#options, fence, reporter }, state, others);
    metrics.setPolicies(this.#states.size);
    // What this policy gave up or took may be what another waits for.
    if ((state.last?.decision.roomClaim.pods ?? 0) !== claimed) this.#churned(others, queue);
    return next.after === 'retry' ? undefined : next.seconds;
  }

  /** The policy of an object; one that has not changed since the last look is not read again. */
  #resolved(key: string, raw: BurstPolicy): Policy {
    const known = this.#states.get(key)?.policy;
    const { uid, generation, deletionTimestamp } = raw.metadata;
    const same =
      known?.uid === uid &&
      known?.generation === generation &&
      known?.deleting === (deletionTimestamp !== undefined);
    return known !== undefined && same ? known : resolvePolicy(raw);
  }

  /** The state of a policy, made when it is new and made anew when it became another. */
  #watched(policy: Policy, queue: WorkQueue): Watched {
    const known = this.#states.get(policy.key);
    if (known !== undefined && known.policy.uid === policy.uid) {
      const sameSources = sourcesOf(known.policy) === sourcesOf(policy);
      this.#concerned.delete(known.policy);
      this.#concerned.add(policy);
      known.policy = policy;
      if (sameSources) return known;
    }
    if (known !== undefined) this.#concerned.delete(known.policy);
    known?.stop.abort();
    const same = known?.policy.uid === policy.uid ? known : undefined;
    const state: Watched = {
      ...newState(policy, this.#options.clock.now(), same),
      policy,
      stop: new AbortController(),
      lookedMs: Number.NEGATIVE_INFINITY,
    };
    this.#states.set(policy.key, state);
    this.#concerned.add(policy);
    for (const request of state.requests) {
      void this.#follow(state, request, queue);
      void this.#followWorkers(state, request, queue);
    }
    return state;
  }

  /** Hands the readings of one source to the state of its policy, until that is stopped. */
  async #follow(state: Watched, request: WatchRequest, queue: WorkQueue): Promise<void> {
    const { demand, clock, log } = this.#options;
    const { source, policy: key } = request;
    const samples = demand.watch(request, state.stop.signal);
    for await (const sample of samples) {
      if (state.stop.signal.aborted) return;
      const before = state.samples.get(source.name);
      if (sample.state !== before?.state) {
        if (sample.state === 'lost') {
          log.warn({ policy: key, source: source.name, code: sample.code }, sample.message);
        } else if (before !== undefined) {
          log.info({ policy: key, source: source.name }, 'signal is back');
        }
      }
      state.samples.set(source.name, sample);
      state.unseenSinceMs ??= clock.elapsed();
      queue.add(key);
    }
  }

  /** Hands what the workers of one source say to the state of its policy; a pass follows while it matters. */
  async #followWorkers(state: Watched, request: WatchRequest, queue: WorkQueue): Promise<void> {
    const { source, policy: key } = request;
    for await (const workers of this.#options.drain.workers(request, state.stop.signal)) {
      if (state.stop.signal.aborted) return;
      const news = state.drains.heard(source.name, workers);
      if (news && state.marked) queue.add(key);
    }
  }

  #forget(key: string): void {
    const state = this.#states.get(key);
    if (state === undefined) return;
    state.stop.abort();
    this.#states.delete(key);
    this.#concerned.delete(state.policy);
    this.#options.metrics.forgetPolicy(key);
    this.#options.metrics.setPolicies(this.#states.size);
  }

  #heard(change: Change, queue: WorkQueue): void {
    if (change.kind === 'policies') {
      if (isNews(change)) queue.add(change.object.key);
      return;
    }
    const { policies, room } = this.#concerned.of(change);
    this.#churned(
      policies.flatMap((key) => this.#states.get(key) ?? []),
      queue,
    );
    if (room) this.#roomChanged(queue);
  }

  /** Room on VMs changes with every pod anywhere: whoever waits for it is asked once for many changes. */
  #roomChanged(queue: WorkQueue): void {
    this.#cancelRoom ??= this.#options.clock.after(churnMs, () => {
      this.#cancelRoom = undefined;
      this.#churned(this.#waitingForRoom(), queue);
    });
  }

  /** Policies to which room on VMs makes a difference now; the others meet it at their next look. */
  #waitingForRoom(): readonly Watched[] {
    return [...this.#states.values()].filter(({ last }) => {
      if (last === undefined) return true;
      const { spill, burst, stuck } = last.decision;
      return spill > 0 || burst.asked > 0 || burst.granted > 0 || stuck > 0;
    });
  }

  #churned(states: readonly Watched[], queue: WorkQueue): void {
    const nowMs = this.#options.clock.elapsed();
    for (const { policy, lookedMs } of states)
      queue.addAfter(policy.key, Math.max(0, lookedMs + churnMs - nowMs));
  }
}
