import type { V1PodSpec, V1Toleration } from '@kubernetes/client-node';
import type { StandingPod } from '../act/drain-order.ts';
import type { RescueStanding, StuckPod } from '../act/rescue.ts';
import { longerList, refusalOfRescue } from '../act/rescue-eligibility.ts';
import { rescuedAmong, rescuedAnnotation, stuckAmong } from '../cluster/rescued.ts';
import { lastAttempts } from './last-attempts.ts';
import type { RawPodSpec } from '../cluster/raw.ts';
import { isLive, type SlimPod } from '../cluster/slim.ts';
import type { TargetState } from '../cluster/target.ts';
import type { ClusterView } from '../cluster/view.ts';
import type { VirtualPool } from '../config.ts';
import type { NodeClass, PodShape, Refusal, RescuedObservation } from '../decide/observation.ts';
import type { Policy } from '../policy/policy.ts';

/** One look at the target of a policy that rescues. */
export interface RescueLook {
  readonly view: Pick<ClusterView, 'room' | 'virtualClasses'>;
  readonly policy: Policy;
  readonly target: TargetState;
  /** One pod of the target as it is really admitted. */
  readonly shape: PodShape;
  readonly pool: VirtualPool;
  /** The live pods as a drain needs them, by UID. */
  readonly live: ReadonlyMap<string, StandingPod>;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}

/** What a rescue looks at and starts from. */
export interface RescueSight {
  readonly rescued: RescuedObservation;
  /** Why nothing of the target can be let on; empty: something can, or might. */
  readonly refusals: readonly Refusal[];
  readonly standing: Omit<RescueStanding, 'policy' | 'companions'>;
  /** Of each pod that has got a node since the last look: seconds from being stuck to being bound. */
  readonly boundAfterSeconds: readonly number[];
}

/** So long an eviction may take to show on its pod, ms: then it is taken for one that never came to pass. */
const evictionShowsMs = 2_000;

/** So long a budget may forbid the eviction of one pod before another is chosen, and so long it is not asked again then, ms. */
const budgetPatienceMs = 60_000;
const budgetRestMs = 300_000;

/** What one process knows of the rescues of one policy and the pods of the moment do not tell. */
export class Rescues {
  #stuckSinceMs: ReadonlyMap<string, number> = new Map();
  #evicted: { readonly uid: string; readonly atMs: number } | undefined;
  /** Pods whose eviction a budget forbade: when first and when last, milliseconds since the epoch. */
  readonly #forbidden = new Map<string, { readonly firstMs: number; readonly lastMs: number }>();

  /** An eviction is asked for now: until it shows, no other is to be. The answer to it is no pod, so only time tells. */
  evicting(uid: string, atMs: number): void {
    this.#evicted = { uid, atMs };
  }

  /** A PodDisruptionBudget forbade these evictions. */
  forbidden(uids: readonly string[], atMs: number): void {
    for (const uid of uids) {
      const before = this.#forbidden.get(uid);
      const goesOn = before !== undefined && atMs - before.lastMs < budgetPatienceMs / 2;
      this.#forbidden.set(uid, { firstMs: goesOn ? before.firstMs : atMs, lastMs: atMs });
    }
  }

  /** Looks at the target's pods: who was let on, who could be, and who cannot. */
  look({ view, policy, target, shape, pool, live, atMs }: RescueLook): RescueSight {
    const rescued = rescuedAmong(policy, target.pods, view.room);
    const living = rescued.filter(isLive);
    this.#forget(new Set(rescued.map(({ uid }) => uid)), atMs);
    const judge = new Judge(pool, view.virtualClasses(pool));
    const lastOf = lastAttempts(target.jobs);
    const stuck = stuckAmong(target.pods).map((pod) => {
      const last = lastOf(pod);
      return { pod, verdict: last === undefined ? judge.of(pod) : { refusal: last, tolerations: [] } };
    });
    const fit = stuck.filter(({ verdict }) => verdict.refusal === undefined);
    const known = new Set(rescued.map(({ uid }) => uid));
    return {
      rescued: {
        pods: living.length,
        running: living.filter(({ nodeName }) => nodeName !== undefined).length,
        ready: living.filter(({ ready }) => ready).length,
        draining: living.filter(({ uid }) => live.get(uid)?.drain !== undefined).length,
        waitingSeconds: fit.map(({ pod }) => Math.max(0, (atMs - (pod.stuckSinceMs ?? atMs)) / 1000)),
        unrescuable: counted(stuck.flatMap(({ verdict }) => verdict.refusal ?? [])),
      },
      refusals:
        fit.length > 0
          ? []
          : refusalsOf(
              stuck.map(({ verdict }) => verdict),
              judge,
              target,
              shape,
            ),
      standing: {
        target: target.workload?.kind === 'Deployment' ? target.workload : undefined,
        live: target.pods.flatMap((pod) => {
          const standing = live.get(pod.uid);
          if (standing === undefined) return [];
          const { uid, annotations } = pod;
          const admitted = annotations[rescuedAnnotation] !== undefined;
          return [{ ...standing, uid, rescued: known.has(uid), admitted, kept: this.#isKept(uid) }];
        }),
        stuck: fit.map(({ pod, verdict }) => stuckPod(pod, verdict.tolerations)),
        evicting: living.some(({ uid }) => uid === this.#evicted?.uid) && this.#isRecent(atMs),
      },
      boundAfterSeconds: this.#bound(living),
    };
  }

  /** It is left in peace after a minute of tries; others are tried meanwhile. */
  #isKept(uid: string): boolean {
    const forbidden = this.#forbidden.get(uid);
    return forbidden !== undefined && forbidden.lastMs - forbidden.firstMs >= budgetPatienceMs;
  }

  #forget(rescued: ReadonlySet<string>, nowMs: number): void {
    for (const [uid, { lastMs }] of this.#forbidden) {
      if (!rescued.has(uid) || nowMs - lastMs >= budgetRestMs) this.#forbidden.delete(uid);
    }
  }

  #isRecent(nowMs: number): boolean {
    return this.#evicted !== undefined && nowMs - this.#evicted.atMs < evictionShowsMs;
  }

  #bound(rescued: readonly SlimPod[]): readonly number[] {
    const before = this.#stuckSinceMs;
    const since = new Map<string, number>();
    const seconds: number[] = [];
    for (const { uid, nodeName, stuckSinceMs, boundAtMs } of rescued) {
      const sinceMs = stuckSinceMs ?? before.get(uid);
      if (nodeName === undefined && sinceMs !== undefined) since.set(uid, sinceMs);
      if (nodeName === undefined || sinceMs === undefined || boundAtMs === undefined) continue;
      seconds.push(Math.max(0, boundAtMs - sinceMs) / 1000);
    }
    this.#stuckSinceMs = since;
    return seconds;
  }
}

interface Verdict {
  /** What keeps it off; undefined: nothing does. */
  readonly refusal: Refusal | undefined;
  readonly tolerations: readonly V1Toleration[];
}

/** Judges pods; those that are alike are judged once. */
class Judge {
  readonly #pool: VirtualPool;
  readonly #nodes: readonly NodeClass[];
  readonly #verdicts = new Map<PodShape, Map<RawPodSpec, Verdict>>();

  constructor(pool: VirtualPool, nodes: readonly NodeClass[]) {
    this.#pool = pool;
    this.#nodes = nodes;
  }

  of({ shape, stuckSpec }: Pick<SlimPod, 'shape' | 'stuckSpec'>): Verdict {
    // The API server has no pod without a container.
    const raw = stuckSpec ?? {};
    const known = this.#verdicts.get(shape) ?? new Map<RawPodSpec, Verdict>();
    this.#verdicts.set(shape, known);
    const spec = raw as V1PodSpec;
    const verdict = known.get(raw) ?? {
      refusal: refusalOfRescue({ spec, shape }, this.#pool, this.#nodes),
      tolerations: longerList(spec, this.#pool),
    };
    known.set(raw, verdict);
    return verdict;
  }
}

/** Of all that is stuck nothing can be let on; where nothing is stuck, the template tells. */
function refusalsOf(
  stuck: readonly Verdict[],
  judge: Judge,
  { template }: TargetState,
  shape: PodShape,
): readonly Refusal[] {
  if (stuck.length === 0 && template.spec?.containers === undefined) return [];
  const verdicts = stuck.length > 0 ? stuck : [judge.of({ shape, stuckSpec: template.spec })];
  return counted(verdicts.flatMap(({ refusal }) => refusal ?? [])).map(({ code, message }) => ({
    code,
    message,
  }));
}

function counted(refusals: readonly Refusal[]): RescuedObservation['unrescuable'] {
  const alike = Map.groupBy(refusals, ({ code, message }) => `${code} ${message}`);
  return [...alike.values()].flatMap(([first, ...others]) =>
    first === undefined ? [] : [{ ...first, pods: 1 + others.length }],
  );
}

function stuckPod({ name, resourceVersion }: SlimPod, tolerations: readonly V1Toleration[]): StuckPod {
  return { name, resourceVersion, tolerations };
}
