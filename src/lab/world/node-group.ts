import type { AutoscalerSettings, VmPool } from './types.ts';

/** A VM that was ordered and is not there yet. */
export interface Order {
  readonly orderedAtMs: number;
  cancel(): void;
}

/** A pool as the autoscaler keeps it. */
export class NodeGroup {
  readonly pool: VmPool;
  readonly minSize: number;
  readonly maxSize: number;
  readonly orders = new Set<Order>();
  readonly #settings: AutoscalerSettings;
  #backoffMs = 0;
  #backoffUntilMs = Number.NEGATIVE_INFINITY;
  #backoffInfo: { readonly errorCode: string; readonly errorMessage: string } | undefined;
  #told: { readonly state: 'NoActivity' | 'InProgress' | 'Backoff'; readonly sinceMs: number };
  /** When a VM was last ordered. */
  lastOrderMs = Number.NEGATIVE_INFINITY;

  constructor(pool: VmPool, settings: AutoscalerSettings, nowMs: number) {
    this.pool = pool;
    this.minSize = pool.minNodes ?? pool.nodes;
    this.maxSize = pool.maxNodes ?? pool.nodes;
    this.#settings = settings;
    this.#told = { state: 'NoActivity', sinceMs: nowMs };
  }

  inBackoff(nowMs: number): boolean {
    return nowMs < this.#backoffUntilMs;
  }

  /** The cloud refused a VM, or it did not come: the group is left alone for a while, doubled each time. */
  backOff(nowMs: number, errorCode: string, errorMessage: string): void {
    const { backoffMs, maxBackoffMs } = this.#settings;
    this.#backoffMs = this.#backoffMs === 0 ? backoffMs : Math.min(maxBackoffMs, this.#backoffMs * 2);
    this.#backoffUntilMs = nowMs + this.#backoffMs;
    this.#backoffInfo = { errorCode, errorMessage };
  }

  /** A VM came: the next backoff begins small again. */
  succeeded(): void {
    this.#backoffMs = 0;
    this.#backoffUntilMs = Number.NEGATIVE_INFINITY;
    this.#backoffInfo = undefined;
  }

  /** What scale-up is doing, and since when. */
  state(nowMs: number): {
    readonly scaleUp: 'NoActivity' | 'InProgress' | 'Backoff';
    readonly scaleUpSinceMs: number;
    readonly backoff: { readonly errorCode: string; readonly errorMessage: string } | undefined;
  } {
    const state = this.inBackoff(nowMs) ? 'Backoff' : this.orders.size > 0 ? 'InProgress' : 'NoActivity';
    if (state !== this.#told.state) this.#told = { state, sinceMs: nowMs };
    return {
      scaleUp: state,
      scaleUpSinceMs: this.#told.sinceMs,
      backoff: state === 'Backoff' ? this.#backoffInfo : undefined,
    };
  }
}
