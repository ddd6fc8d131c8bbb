import type { Clock } from '../clock.ts';
import { isStatus } from './api-error.ts';
import type { ClusterClient } from './client.ts';
import { type LeaseObject, type LeaseSpec, microTime } from './lease-object.ts';

/** client-go's timings (tools/leaderelection): LeaseDuration, RenewDeadline, RetryPeriod, JitterFactor. */
export interface LeaseTimings {
  /** How long the others wait after the last renewal that they saw, seconds. */
  readonly durationSeconds: number;
  /** The holder stops acting when it could not renew for so long, seconds; shorter than the duration. */
  readonly renewDeadlineSeconds: number;
  readonly retrySeconds: number;
  /** Candidates stretch the retry by up to this factor. */
  readonly jitter: number;
}

export const defaultTimings: LeaseTimings = {
  durationSeconds: 15,
  renewDeadlineSeconds: 10,
  retrySeconds: 2,
  jitter: 1.2,
};

/** Whether this process may write right now: asked immediately before each request (promise 5). */
export interface Fence {
  holds(): boolean;
}

export interface LeaseOptions {
  readonly client: Pick<ClusterClient, 'request'>;
  readonly clock: Clock;
  readonly namespace: string;
  readonly name: string;
  /** Pod name and something random: a restarted pod is another candidate. */
  readonly identity: string;
  readonly onAcquired?: () => void;
  /** Called when the lease is lost or given back; the fence is closed already. */
  readonly onLost?: () => void;
  /** Called when another candidate is seen to hold the lease, once for each. */
  readonly onFollowing?: (holder: string) => void;
  readonly onProblem?: (error: unknown) => void;
  readonly timings?: LeaseTimings;
  readonly random?: () => number;
}

/**
 * Leader election by a Lease of coordination.k8s.io, by client-go's rules: a holder is believed for the duration after
 * the last change that was *seen* here, so clocks of machines are never compared, and every write carries the
 * resourceVersion that it rests on.
 *
 * The fence counts from before the renewal was sent, on a clock that runs through SIGSTOP: a process that was frozen
 * finds it closed when it wakes up, before anybody else can have taken the lease.
 */
export class Lease implements Fence {
  readonly #options: LeaseOptions;
  readonly #timings: LeaseTimings;
  readonly #path: string;
  #seen: LeaseObject | undefined;
  /** When the lease was last seen to change, and when the last renewal of ours was sent; monotonic milliseconds. */
  #seenAtMs = 0;
  #renewedAtMs = Number.NEGATIVE_INFINITY;
  #ledAtMs = Number.NEGATIVE_INFINITY;
  #leads = false;
  /** Whether nobody knows if the last renewal arrived. */
  #unsure = false;

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#timings = options.timings ?? defaultTimings;
    this.#path = `/apis/coordination.k8s.io/v1/namespaces/${options.namespace}/leases`;
  }

  holds(): boolean {
    const ageMs = this.#options.clock.elapsed() - this.#renewedAtMs;
    return this.#leads && ageMs < this.#timings.renewDeadlineSeconds * 1000;
  }

  /** Who was last seen to hold the lease; undefined: nobody. */
  get holder(): string | undefined {
    const holder = this.#seen?.spec?.holderIdentity;
    return holder === undefined || holder === '' ? undefined : holder;
  }

  /** Seconds since anybody was last seen to hold the lease or to renew it; infinite: never yet. */
  ledSecondsAgo(): number {
    return (this.#options.clock.elapsed() - this.#ledAtMs) / 1000;
  }

  /** Stands for election, again after each loss, until `signal` aborts; then gives the lease back. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random = Math.random } = this.#options;
    const { retrySeconds, jitter } = this.#timings;
    while (!signal.aborted) {
      if (this.#leads && !this.holds()) this.#lose();
      const startedMs = clock.elapsed();
      const got = await this.#try(signal);
      if (got && !this.#leads && !signal.aborted) {
        this.#leads = true;
        this.#options.onAcquired?.();
      }
      // A failed renewal is no loss yet: others wait longer than the deadline that closes the fence.
      if (this.#leads && !this.holds()) this.#lose();
      const stretch = this.#leads ? 1 : 1 + jitter * random();
      // An attempt that nobody answered has been pause enough.
      const pausedMs = got ? 0 : clock.elapsed() - startedMs;
      const pauseMs = retrySeconds * 1000 * stretch - pausedMs;
      if (pauseMs > 0) await clock.sleep(pauseMs, signal).catch(() => undefined);
    }
    if (!this.#leads) return;
    this.#lose();
    await this.#release();
  }

  #lose(): void {
    this.#leads = false;
    this.#options.onLost?.();
  }

  /** One attempt to acquire or renew; whether the lease is ours now. */
  async #try(signal: AbortSignal): Promise<boolean> {
    const sentAtMs = this.#options.clock.elapsed();
    try {
      // The holder knows the version it wrote, as long as it knows what arrived.
      if (!this.#leads || this.#unsure || this.#seen === undefined) await this.#look(this.#how(signal));
      if (this.#heldByOther()) return false;
      const written = await this.#write(this.#claim(), this.#how(signal));
      this.#see(written);
      this.#renewedAtMs = sentAtMs;
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      if (isStatus(error, 409)) return this.#lookAgain(this.#how(signal));
      this.#options.onProblem?.(error);
      this.#unsure = true;
      return false;
    }
  }

  /**
   * How long one request may take: a third of the deadline, so that connections that are silently dead cost an attempt
   * or two and not the lease (client-go has half, resourcelock.NewFromKubeconfig); and for the holder not beyond the
   * deadline, after which an answer is of no use.
   */
  #how(signal: AbortSignal): { readonly signal: AbortSignal; readonly timeoutMs: number } {
    const deadlineMs = this.#timings.renewDeadlineSeconds * 1000;
    const remainingMs = this.#renewedAtMs + deadlineMs - this.#options.clock.elapsed();
    const timeoutMs = this.#leads ? Math.min(deadlineMs / 3, remainingMs) : deadlineMs / 3;
    return { signal, timeoutMs: Math.max(1, timeoutMs) };
  }

  /** Somebody else wrote: the holder looks at once whether it still is. */
  async #lookAgain(how: { readonly signal: AbortSignal; readonly timeoutMs: number }): Promise<boolean> {
    if (!this.#leads) return false;
    await this.#look(how).catch(() => undefined);
    if (this.#heldByOther()) this.#renewedAtMs = Number.NEGATIVE_INFINITY;
    return false;
  }

  async #look(how: { readonly signal?: AbortSignal; readonly timeoutMs: number }): Promise<void> {
    try {
      this.#see(
        (await this.#options.client.request(
          'GET',
          `${this.#path}/${this.#options.name}`,
          how,
        )) as LeaseObject,
      );
    } catch (error) {
      if (!isStatus(error, 404)) throw error;
      this.#seen = undefined;
    }
    this.#unsure = false;
  }

  #see(lease: LeaseObject): void {
    const before = this.holder;
    const changed = JSON.stringify(lease.spec) !== JSON.stringify(this.#seen?.spec);
    if (changed) this.#seenAtMs = this.#options.clock.elapsed();
    this.#seen = lease;
    const { holder } = this;
    if (changed && holder !== undefined) this.#ledAtMs = this.#seenAtMs;
    const other = holder !== undefined && holder !== this.#options.identity;
    if (other && holder !== before) this.#options.onFollowing?.(holder);
  }

  #heldByOther(): boolean {
    const holder = this.holder;
    if (holder === undefined || holder === this.#options.identity) return false;
    const durationMs = (this.#seen?.spec?.leaseDurationSeconds ?? this.#timings.durationSeconds) * 1000;
    return this.#leads || this.#options.clock.elapsed() < this.#seenAtMs + durationMs;
  }

  #claim(): LeaseSpec {
    const { identity, clock } = this.#options;
    const before = this.#seen?.spec;
    const now = microTime(clock.now());
    const kept = this.holder === identity;
    return {
      holderIdentity: identity,
      leaseDurationSeconds: this.#timings.durationSeconds,
      acquireTime: kept ? (before?.acquireTime ?? now) : now,
      renewTime: now,
      leaseTransitions: before === undefined ? 0 : (before.leaseTransitions ?? 0) + (kept ? 0 : 1),
    };
  }

  /** Sets the holder to nobody for a second, so that the next candidate need not wait for the end of the lease. */
  async #release(): Promise<void> {
    const how = { timeoutMs: 3000 };
    try {
      await this.#write(this.#nobody(), how).catch(async (error: unknown) => {
        // A renewal that was under way when the signal came may have arrived after all.
        if (!isStatus(error, 409)) throw error;
        await this.#look(how);
        if (this.holder === this.#options.identity) await this.#write(this.#nobody(), how);
      });
    } catch (error) {
      this.#options.onProblem?.(error);
    }
  }

  #nobody(): LeaseSpec {
    const now = microTime(this.#options.clock.now());
    return {
      holderIdentity: '',
      leaseDurationSeconds: 1,
      acquireTime: now,
      renewTime: now,
      leaseTransitions: this.#seen?.spec?.leaseTransitions ?? 0,
    };
  }

  async #write(
    spec: LeaseSpec,
    how: { readonly signal?: AbortSignal; readonly timeoutMs: number },
  ): Promise<LeaseObject> {
    const { client, namespace, name } = this.#options;
    const metadata = this.#seen?.metadata ?? { name, namespace };
    const body = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec };
    const answer =
      this.#seen === undefined
        ? await client.request('POST', this.#path, { ...how, body })
        : await client.request('PUT', `${this.#path}/${name}`, { ...how, body });
    return answer as LeaseObject;
  }
}
