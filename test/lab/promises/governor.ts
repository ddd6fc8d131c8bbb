import { drainMark } from '../../../src/act/drain-note.ts';
import { planFailed } from '../../../src/act/failed.ts';
import { lookSeconds, plan, type Standing } from '../../../src/act/plan.ts';
import type { Write } from '../../../src/act/write.ts';
import { decide } from '../../../src/decide/decide.ts';
import type { Decision } from '../../../src/decide/decision.ts';
import { type Memory, restoredMemory } from '../../../src/decide/memory.ts';
import type { Observation } from '../../../src/decide/observation.ts';
import { applyWrite } from '../../../src/lab/simulate/drive/apply.ts';
import { type Look, Observer, type ObserverOptions } from '../../../src/lab/simulate/observe/observer.ts';
import type { Policy } from '../../../src/policy/policy.ts';
import { resolvePolicy } from '../../../src/policy/resolve.ts';
import type { BurstPolicy } from '../../../src/policy/schema.ts';
import { policyKey, pool, type Stage } from './stage.ts';

/** What one pass of a controller saw, decided and did. */
export interface Pass {
  readonly policy: Policy;
  readonly observation: Observation;
  readonly standing: Standing;
  readonly decision: Decision;
  readonly writes: readonly Write[];
}

/** Told of every write: before it is sent, whether the API server takes it, and of which pass it is. */
export interface Watching {
  passed(pass: Pass): void;
  about(write: Write, pass: Pass): void;
  taken(write: Write, pass: Pass, late: boolean): void;
}

/** How the surroundings of a controller are at the moment. */
export interface Surroundings {
  /** Since when the source cannot be read, milliseconds since the epoch; undefined: it can. */
  lostSinceMs: number | undefined;
  writesRefused: boolean;
}

/**
 * A controller of one policy in a world, by the same `decide` and `plan` as the running one. It can die and be followed
 * by another, and freeze between a decision and its writes.
 */
export class Governor {
  readonly #stage: Stage;
  readonly #observer: Observer;
  readonly #watching: Watching;
  readonly surroundings: Surroundings = { lostSinceMs: undefined, writesRefused: false };
  #memory: Memory | undefined;
  /** The policy as it was last read: an object that has not changed is not read again. */
  #resolved: { readonly object: object; readonly policy: Policy } | undefined;
  #alive = true;
  /** Writes of a leader that is frozen before it has sent them. */
  #held: Pass | undefined;
  #freezing = false;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #planned = { atMs: Number.POSITIVE_INFINITY, cancel: (): void => undefined };

  constructor(stage: Stage, limits: Pick<ObserverOptions, 'limitsKnown' | 'spend'>, watching: Watching) {
    this.#stage = stage;
    this.#watching = watching;
    const read = (): Policy => this.#policy();
    this.#observer = new Observer({
      world: stage.world,
      queue: stage.queue,
      pool,
      ...limits,
      get policy() {
        return read();
      },
    });
    stage.queue.onArrival(() => this.#lookAt(Math.max(stage.world.now() + 25, this.#lookedMs + 1000)));
    this.#lookAt(stage.world.now());
  }

  /** It dies; another starts after a while and knows only what stands in the cluster. */
  restart(downMs: number): void {
    this.#alive = false;
    this.#memory = undefined;
    this.#planned.cancel();
    this.#planned = { atMs: Number.POSITIVE_INFINITY, cancel: () => undefined };
    this.#stage.world.schedule(this.#stage.world.now() + downMs, () => {
      this.#alive = true;
      this.#lookAt(this.#stage.world.now());
    });
  }

  /** The next pass is decided and not written; another leads at once, and the writes come late. */
  freeze(forMs: number): void {
    if (!this.#alive || this.#freezing) return;
    const { world } = this.#stage;
    this.#freezing = true;
    this.#pass();
    this.#freezing = false;
    const held = this.#held;
    this.#held = undefined;
    this.#memory = undefined;
    world.schedule(world.now() + forMs, () => {
      for (const write of held?.writes ?? []) {
        // A creation names no version: there the fence alone keeps a leader of yesterday off (unit/cluster/lease).
        if (held !== undefined && write.kind !== 'CreateCompanion') this.#send(write, held, true);
      }
    });
  }

  #policy(): Policy {
    const object = this.#stage.world.objects.get('burstpolicies', policyKey);
    if (object === undefined) throw new Error('the policy is there');
    if (this.#resolved?.object !== object) {
      this.#resolved = { object, policy: resolvePolicy(object as unknown as BurstPolicy) };
    }
    return this.#resolved.policy;
  }

  #lookAt(atMs: number): void {
    if (!this.#alive || atMs >= this.#planned.atMs) return;
    this.#planned.cancel();
    const cancel = this.#stage.world.schedule(atMs, () => this.#pass());
    this.#planned = { atMs, cancel };
  }

  #pass(): void {
    const { world } = this.#stage;
    this.#planned.cancel();
    this.#planned = { atMs: Number.POSITIVE_INFINITY, cancel: () => undefined };
    if (!this.#alive || world.objects.get('burstpolicies', policyKey) === undefined) return;
    const nowMs = world.now();
    this.#lookedMs = nowMs;
    const policy = this.#policy();
    const { observation, standing, failed } = this.#seen();
    this.#memory ??= restoredMemory(nowMs, {
      demand: observation.target.replicas + burstOf(observation),
      burst: burstOf(observation),
    });
    const { decision, memory } = decide(policy, observation, this.#memory);
    this.#memory = memory;
    const planned = plan(policy, decision, standing);
    const writes = policy.dryRun ? [] : [...planned, ...planFailed(policy, decision, failed, planned)];
    const pass: Pass = { policy, observation, standing, decision, writes };
    this.#watching.passed(pass);
    let refused = false;
    if (this.#freezing) this.#held = pass;
    else for (const write of writes) refused = !this.#send(write, pass, false) || refused;
    const nextMs = refused ? 1000 : lookSeconds(policy, decision, writes) * 1000;
    this.#lookAt(nowMs + Math.min(5000, Math.max(1000, nextMs)));
  }

  #seen(): Look {
    const look = this.#observer.look();
    const sinceMs = this.surroundings.lostSinceMs;
    if (sinceMs === undefined) return look;
    const atMs = this.#stage.world.now();
    const lost = { state: 'lost', atMs, sinceMs, code: 'REDIS_UNREACHABLE', message: 'It is away.' } as const;
    const sources = look.observation.sources.map(({ name }) => ({ name, sample: lost }));
    return { ...look, observation: { ...look.observation, sources } };
  }

  #send(write: Write, pass: Pass, late: boolean): boolean {
    const { world, queue } = this.#stage;
    if (this.surroundings.writesRefused) return false;
    this.#watching.about(write, pass);
    if (!applyWrite(write, world.objects)) return false;
    if (write.kind === 'SetDrain') queue.mark(write.name, write.drain && drainMark(write.drain.note));
    this.#watching.taken(write, pass, late);
    return true;
  }
}

/** Replicas that companions ask for. */
export function burstOf({ companions }: Observation): number {
  return companions.reduce((total, { replicas }) => total + replicas, 0);
}
