import type { Clock } from '../clock.ts';
import type { SlimPod } from '../cluster/slim.ts';
import type { Change } from '../cluster/store.ts';
import type { ClusterView } from '../cluster/view.ts';
import type { Config } from '../config.ts';
import type { FailureCause, LimitsObservation } from '../decide/observation.ts';
import { closedBreaker, stateOf } from './breaker.ts';
import type { BurstLimits, LimitsTold, PolicyBurst } from './burst-limits.ts';
import { failureOf } from './failure-cause.ts';
import {
  type CountedFailure,
  type LedgerSettings,
  openBreakers,
  sawPod,
  tidied,
  unreadLedger,
} from './ledger.ts';
import { LedgerKeeper } from './ledger-keeper.ts';
import type { LedgerPort } from './ledger-store.ts';
import { outlook, type StartingSince } from './outlook.ts';
import { templateOf, workloadOf } from './owners.ts';
import { tokens } from './pace.ts';
import type { ProviderLimits } from './provider.ts';
import { bucketMs, charge, spentByAll } from './spend.ts';
import { VirtualPods } from './virtual-pods.ts';

export interface ClusterLimitsOptions {
  readonly view: Pick<ClusterView, 'store' | 'onChange'>;
  readonly config: Pick<Config, 'virtualPools' | 'budget' | 'breaker'>;
  readonly clock: Clock;
  /** What the provider of virtual pools tells by itself; undefined or left out: nobody asks it. */
  readonly provider?: ProviderLimits | undefined;
  /** A burst pod failed; told once for each. */
  readonly onFailure: (failure: CountedFailure) => void;
  /** The ledger in the cluster could not be understood; it is kept aside (LEDGER_UNREADABLE). */
  readonly onUnreadable: () => void;
  /** The ledger could not be read or written; it is tried again. */
  readonly onProblem: (error: unknown) => void;
}

const tickMs = 1000;
/** Nothing is decided before the ledger is read, but not for longer than this. */
const patienceMs = 3000;

const nothingStarts: StartingSince = { pool: undefined, template: undefined };

/**
 * The limits of a running controller: follows every pod on virtual nodes while this process leads, charges, counts, and keeps
 * the ledger in the cluster.
 */
export class ClusterLimits implements BurstLimits {
  readonly #options: ClusterLimitsOptions;
  readonly #settings: LedgerSettings;
  readonly #pods: VirtualPods;
  #ledger = unreadLedger;
  #rates: ReadonlyMap<string, number> = new Map();
  #podsChanged = true;
  /** `clock.elapsed()` of this process's last charge to this ledger; undefined: none yet. */
  #chargedElapsedMs: number | undefined;
  #keeper: LedgerKeeper | undefined;
  #stops: readonly (() => void)[] = [];

  constructor(options: ClusterLimitsOptions) {
    this.#options = options;
    const { breaker, virtualPools } = options.config;
    this.#pods = new VirtualPods(options.view.store, virtualPools);
    this.#settings = {
      stuckCreatingAfterSeconds: breaker.stuckCreatingAfterSeconds,
      paceOf: (pool) => virtualPools.find(({ name }) => name === pool)?.pace,
    };
  }

  /** Begins to lead: reads the ledger and follows the cluster. Resolves when it is read, or after 3 s without. Never rejects. */
  async open(port: LedgerPort): Promise<void> {
    const { clock, view, onProblem, onUnreadable } = this.#options;
    this.#ledger = unreadLedger;
    const keeper = new LedgerKeeper({
      port,
      clock,
      current: () => this.#ledger,
      onLoaded: (ledger, unreadable) => {
        this.#ledger = ledger;
        this.#chargedElapsedMs = undefined;
        this.#scan();
        if (!unreadable) return;
        onUnreadable();
        keeper.changed(true);
      },
      onProblem,
    });
    this.#keeper = keeper;
    let cancelTick = (): void => undefined;
    const tick = (): void => {
      this.#seeStuck();
      this.#settle();
      keeper.tick();
      cancelTick = clock.after(tickMs, tick);
    };
    this.#stops = [view.onChange((change) => this.#heard(change)), () => cancelTick()];
    this.#scan();
    const waited = new AbortController();
    const patience = clock.sleep(patienceMs, waited.signal).catch(() => undefined);
    await Promise.race([keeper.open(), patience]);
    waited.abort();
    if (this.#keeper === keeper) tick();
  }

  /** Ends leading: writes what is not written yet, if this process still may. Never rejects. */
  async close(): Promise<void> {
    for (const stop of this.#stops) stop();
    this.#stops = [];
    const keeper = this.#keeper;
    if (keeper?.ready === true) this.#charge();
    this.#keeper = undefined;
    await keeper?.close();
    this.#pods.clear();
    this.#rates = new Map();
    this.#podsChanged = true;
  }

  current(question: PolicyBurst): LimitsObservation {
    const { policy, pool, companion, asked, running, others } = question;
    this.#settle();
    const workload = workloadOf(this.#options.view.store, policy);
    const template = templateOf(policy, companion);
    const price = workload && this.#pods.priceOf(workload.spec, pool);
    return {
      freeQuota: undefined,
      ...this.#options.provider?.current(question),
      namespaceQuota: undefined,
      ...outlook(this.#ledger, {
        policy,
        pool,
        template,
        asked,
        running,
        startingSinceMs:
          openBreakers(this.#ledger) > 0
            ? this.#pods.startingSince(pool, template, (pod) => this.failureOf(pod) !== undefined)
            : nothingStarts,
        others,
        pricePerHour: price,
        ratePerHour: price === undefined ? undefined : (this.#rates.get(policy.key) ?? 0),
        clusterBudget: this.#options.config.budget,
        nowMs: this.#options.clock.now(),
      }),
    };
  }

  failureOf(pod: SlimPod): FailureCause | undefined {
    if (this.#pods.poolOf(pod) === undefined) return undefined;
    return failureOf(this.#told(pod), this.#options.clock.now(), this.#settings);
  }

  told(): LimitsTold {
    const { config, clock } = this.#options;
    const { maxSpendPerDay } = config.budget;
    const nowMs = clock.now();
    const priced = config.virtualPools.some(({ price }) => price !== undefined);
    const unknown = (this.#ledger.spendUnknownUntilMs ?? nowMs) > nowMs;
    const spentToday = priced && !unknown ? spentByAll(this.#ledger.spend, nowMs) : undefined;
    return {
      pools: config.virtualPools.map(({ name, pace }) => ({
        name,
        breaker: stateOf(this.#ledger.poolBreakers[name] ?? closedBreaker, nowMs),
        creationTokens: pace && tokens(this.#ledger.creations[name] ?? [], pace, nowMs),
      })),
      ratePerHour: priced ? [...this.#rates.values()].reduce((sum, rate) => sum + rate, 0) : undefined,
      spentToday,
      leftToday:
        maxSpendPerDay === undefined || spentToday === undefined
          ? undefined
          : Math.max(0, maxSpendPerDay - spentToday),
    };
  }

  #scan(): void {
    for (const pod of this.#pods.scan()) this.#see(pod);
    this.#podsChanged = true;
  }

  #heard(change: Change): void {
    if (change.kind === 'policies') {
      this.#pods.policiesChanged();
    } else if (change.kind === 'nodes') {
      if (change.type === 'added' && this.#pods.poolOfNode(change.object.name) !== undefined) this.#scan();
    } else if (change.kind === 'pods') {
      if (change.type !== 'deleted') this.#see(change.object);
      else if (this.#pods.drop(change.object)) this.#podsChanged = true;
    }
  }

  #see(pod: SlimPod): void {
    const pool = this.#pods.poolOf(pod);
    if (pool === undefined) return;
    const { fresh, becameReady } = this.#pods.keep(pod);
    if (fresh) this.#podsChanged = true;
    const { brought = false, costly = false, template } = this.#pods.ownerOf(pod) ?? {};
    const before = this.#ledger;
    const whose = { pool: pool.name, template: brought ? template : undefined, costly };
    const seen = { ...this.#told(pod), ...whose, becameReady };
    const { ledger, failure } = sawPod(before, seen, this.#options.clock.now(), this.#settings);
    if (ledger === before) return;
    this.#ledger = ledger;
    // What is counted before the ledger is read may be counted in it already.
    if (failure !== undefined && this.#keeper?.ready === true) this.#options.onFailure(failure);
    // Successes alone are many, and change a breaker's state seldom.
    this.#keeper?.changed(failure !== undefined || openBreakers(before) !== openBreakers(ledger));
  }

  /** A pod with what its provider tells of it, while the cluster takes it for starting. */
  #told(pod: SlimPod): SlimPod {
    if (pod.failure !== undefined || pod.phase !== 'Pending') return pod;
    const failure = this.#options.provider?.failureOf(pod.uid);
    return failure === undefined ? pod : { ...pod, failure };
  }

  /** Pods that do not come to run fail by time alone, or by what their provider tells: no event tells it. */
  #seeStuck(): void {
    for (const pod of this.#pods.all()) {
      if (pod.failure === undefined && this.failureOf(pod) !== undefined) this.#see(pod);
    }
  }

  /** Charges when what runs has changed, at most once a second, and at the end of each bucket. */
  #settle(): void {
    if (this.#keeper?.ready !== true) return;
    const nowMs = this.#options.clock.now();
    const { chargedAtMs = 0 } = this.#ledger.spend;
    const due = Math.abs(nowMs - chargedAtMs) >= tickMs;
    const otherBucket = Math.floor(nowMs / bucketMs) !== Math.floor(chargedAtMs / bucketMs);
    if ((this.#podsChanged && due) || otherBucket) this.#charge();
  }

  #charge(): void {
    const nowMs = this.#options.clock.now();
    const elapsedMs = this.#options.clock.elapsed();
    const sinceMs = this.#chargedElapsedMs === undefined ? undefined : elapsedMs - this.#chargedElapsedMs;
    this.#chargedElapsedMs = elapsedMs;
    const before = this.#ledger;
    this.#rates = this.#pods.ratesPerHour();
    this.#podsChanged = false;
    const spend = charge(before.spend, nowMs, this.#rates, sinceMs);
    const ids = this.#pods.ids();
    this.#ledger = tidied({ ...before, spend }, (id) => ids.has(id), nowMs);
    const money = Object.keys(spend.policies).length + Object.keys(before.spend.policies).length > 0;
    if (money) this.#keeper?.changed(false);
  }
}
