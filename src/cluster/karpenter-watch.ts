import type { Clock } from '../clock.ts';
import { isStatus } from './api-error.ts';
import { type Growth, unknownGrowth } from './autoscaler.ts';
import type { ClusterClient } from './client.ts';
import { Interner } from './intern.ts';
import {
  karpenterGrowth,
  type LaunchFailures,
  noteLaunch,
  type SlimNodeClaim,
  type SlimNodePool,
  slimNodeClaim,
  slimNodePool,
} from './karpenter.ts';
import { Reflector } from './reflector.ts';
import type { ReflectorTuning } from './reflector-options.ts';

const group = '/apis/karpenter.sh';
/** Those that are understood, the best first. */
const versions = ['v1', 'v1beta1'] as const;
/** How often to look whether Karpenter has come, and whether it is really gone, ms. */
const absentMs = 300_000;
const againMs = 5_000;

export interface KarpenterOptions {
  readonly client: ClusterClient;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly now: () => number;
  readonly onChange: () => void;
  readonly tuning?: Partial<ReflectorTuning>;
}

/**
 * Follows Karpenter's NodeClaims and NodePools until `signal` aborts; never rejects. Needs `list` and `watch` on both. Where
 * Karpenter is not installed, that costs one request in five minutes.
 */
export function watchKarpenter(options: KarpenterOptions): { current(): Growth } {
  const { client, clock, signal, now } = options;
  let followed: Followed | undefined;
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      const version = await servedVersion(client, signal);
      if (version !== undefined) {
        followed = new Followed();
        await followed.run(`${group}/${version}`, options);
        followed = undefined;
        options.onChange();
      }
      await clock.sleep(version === undefined ? absentMs : againMs, signal).catch(() => undefined);
    }
  };
  void run();
  return { current: () => followed?.growth(now()) ?? unknownGrowth };
}

/** The best version that the API server serves; undefined: none, or it does not answer. */
async function servedVersion(client: ClusterClient, signal: AbortSignal): Promise<string | undefined> {
  try {
    const answer = (await client.request('GET', group, { signal })) as {
      readonly versions?: readonly { readonly version?: string }[];
    };
    return versions.find((wanted) => answer.versions?.some(({ version }) => version === wanted));
  } catch {
    return undefined;
  }
}

/** What one version of the API tells. */
class Followed {
  /** VMs that are on their way; the names of these and of all that are there. */
  readonly #coming = new Map<string, SlimNodeClaim>();
  readonly #standing = new Set<string>();
  readonly #pools = new Map<string, SlimNodePool>();
  #failures: LaunchFailures | undefined;

  growth(nowMs: number): Growth {
    return karpenterGrowth({
      coming: [...this.#coming.values()],
      nodes: this.#standing.size,
      pools: [...this.#pools.values()],
      failures: this.#failures,
      nowMs,
    });
  }

  /** Ends when the API is served no longer. */
  async run(base: string, { client, clock, signal, now, onChange, tuning }: KarpenterOptions): Promise<void> {
    const stop = new AbortController();
    let listed = false;
    const interner = new Interner();
    const common = {
      client,
      clock,
      onProblem: (error: unknown): void => {
        if (isStatus(error, 404)) stop.abort();
      },
      ...(tuning === undefined ? {} : { tuning }),
    };
    const claims = new Reflector<SlimNodeClaim>({
      ...common,
      path: `${base}/nodeclaims`,
      slim: (raw) => slimNodeClaim(raw, interner),
      onEvent: (event) => {
        if (event.type === 'listed') listed = true;
        else this.#take(event.object, event.type === 'deleted', now());
        // While the first listing comes in, each would be news.
        if (listed) onChange();
      },
    });
    const pools = new Reflector<SlimNodePool>({
      ...common,
      path: `${base}/nodepools`,
      slim: (raw) => slimNodePool(raw, interner),
      onEvent: (event) => {
        if (event.type === 'listed') return onChange();
        if (event.type === 'deleted') this.#pools.delete(event.object.key);
        else this.#pools.set(event.object.key, event.object);
        onChange();
      },
    });
    const either = AbortSignal.any([signal, stop.signal]);
    await Promise.all([claims.run(either), pools.run(either)]);
  }

  #take(claim: SlimNodeClaim, gone: boolean, nowMs: number): void {
    const { key, deleting, initialized } = claim;
    this.#failures = noteLaunch(this.#failures, claim, gone, nowMs);
    if (gone || deleting) this.#standing.delete(key);
    else this.#standing.add(key);
    if (gone || deleting || initialized) this.#coming.delete(key);
    else this.#coming.set(key, claim);
  }
}
