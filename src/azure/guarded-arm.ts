import {
  type CircuitBreakerPolicy,
  circuitBreaker,
  ConsecutiveBreaker,
  ExponentialBackoff,
  handleWhen,
  isBrokenCircuitError,
} from 'cockatiel';
import type { Clock } from '../clock.ts';
import type { Arm, ArmApi } from './arm.ts';
import { ArmFailure, failureOf } from './failure.ts';
import { freshPace, type Pace, turn } from './pace.ts';

/** A call to Azure that ended; `outcome` is `ok` or a code of errors.ts. */
export interface ArmCall {
  readonly api: ArmApi;
  readonly outcome: string;
}

export interface GuardedArmOptions {
  readonly arm: Arm;
  readonly clock: Clock;
  readonly region: string;
  readonly onCall: (call: ArmCall) => void;
}

/** How long one call may take, its pages included; a deletion is waited for, seconds. */
const timeoutSeconds: Readonly<Record<ArmApi, number>> = {
  usage: 20,
  capabilities: 20,
  groups: 60,
  group: 20,
  deleteGroup: 180,
};

/** So many failures in a row open the breaker of an API. */
const failuresToOpen = 3;
const shortestBreakMs = 30_000;
const longestBreakMs = 600_000;

/** Failures that say nothing of how Azure is: it asked to wait, or answered well that something is not there. */
const noFault: ReadonlySet<string> = new Set(['AZURE_THROTTLED', 'AZURE_NOT_FOUND']);

/**
 * An ARM that is asked with care: at Spillway's own pace, never before `Retry-After` is over, each call within a time, each API
 * behind a breaker of its own. Nothing is tried twice in here: whoever asks on a schedule asks again anyway.
 */
export class GuardedArm implements Arm {
  readonly #options: GuardedArmOptions;
  readonly #breakers: Readonly<Record<ArmApi, CircuitBreakerPolicy>>;
  #pace: Pace;
  /** Azure asked to be left alone until then, by the clock that never jumps. */
  #quietUntilMs = Number.NEGATIVE_INFINITY;

  constructor(options: GuardedArmOptions) {
    this.#options = options;
    this.#pace = freshPace(options.clock.elapsed());
    this.#breakers = {
      usage: breaker(),
      capabilities: breaker(),
      groups: breaker(),
      group: breaker(),
      deleteGroup: breaker(),
    };
  }

  /** Seconds until Azure may be asked again after it asked to wait; 0: now. */
  quietSeconds(): number {
    return Math.max(0, this.#quietUntilMs - this.#options.clock.elapsed()) / 1000;
  }

  usage(signal: AbortSignal): ReturnType<Arm['usage']> {
    return this.#call('usage', signal, (within) => this.#options.arm.usage(within));
  }

  capabilities(signal: AbortSignal): ReturnType<Arm['capabilities']> {
    return this.#call('capabilities', signal, (within) => this.#options.arm.capabilities(within));
  }

  groups(signal: AbortSignal): ReturnType<Arm['groups']> {
    return this.#call('groups', signal, (within) => this.#options.arm.groups(within));
  }

  group(name: string, signal: AbortSignal): ReturnType<Arm['group']> {
    return this.#call('group', signal, (within) => this.#options.arm.group(name, within));
  }

  deleteGroup(name: string, signal: AbortSignal): Promise<void> {
    return this.#call('deleteGroup', signal, (within) => this.#options.arm.deleteGroup(name, within));
  }

  async #call<T>(api: ArmApi, signal: AbortSignal, send: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { clock, onCall } = this.#options;
    await this.#turn(signal);
    const quietSeconds = this.quietSeconds();
    if (quietSeconds > 0) {
      // Nothing is sent, so nothing is counted.
      throw new ArmFailure('AZURE_THROTTLED', { status: 429, retryAfterSeconds: quietSeconds });
    }
    try {
      const answer = await this.#breakers[api].execute(() => this.#within(api, signal, send));
      onCall({ api, outcome: 'ok' });
      return answer;
    } catch (error) {
      if (isBrokenCircuitError(error)) throw new ArmFailure('AZURE_BREAKER_OPEN');
      signal.throwIfAborted();
      const failure = failureOf(error, clock.now(), this.#options.region);
      if (failure.retryAfterSeconds !== undefined) {
        const untilMs = clock.elapsed() + failure.retryAfterSeconds * 1000;
        this.#quietUntilMs = Math.max(this.#quietUntilMs, untilMs);
      }
      onCall({ api, outcome: failure.code });
      throw failure;
    }
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const { pace, waitMs } = turn(this.#pace, clock.elapsed());
    this.#pace = pace;
    if (waitMs > 0) await clock.sleep(waitMs, signal);
    signal.throwIfAborted();
  }

  /** The call, or AZURE_UNREACHABLE when its time is over: not every part of the SDK minds a signal. */
  async #within<T>(api: ArmApi, outer: AbortSignal, send: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const over = new AbortController();
    const signal = AbortSignal.any([outer, over.signal]);
    const cancel = this.#options.clock.after(timeoutSeconds[api] * 1000, () => over.abort());
    let forget = (): void => {};
    const ended = new Promise<never>((_, reject) => {
      const end = (): void => reject(new ArmFailure('AZURE_UNREACHABLE'));
      signal.addEventListener('abort', end, { once: true });
      forget = () => signal.removeEventListener('abort', end);
    });
    try {
      return await Promise.race([send(signal), ended]);
    } catch (error) {
      throw failureOf(error, this.#options.clock.now(), this.#options.region);
    } finally {
      cancel();
      forget();
    }
  }
}

function breaker(): CircuitBreakerPolicy {
  return circuitBreaker(
    handleWhen((error) => !(error instanceof ArmFailure && noFault.has(error.code))),
    {
      breaker: new ConsecutiveBreaker(failuresToOpen),
      halfOpenAfter: new ExponentialBackoff({ initialDelay: shortestBreakMs, maxDelay: longestBreakMs }),
    },
  );
}
