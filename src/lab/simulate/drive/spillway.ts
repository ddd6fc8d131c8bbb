import { drainMark } from '../../../act/drain-note.ts';
import { planFailed } from '../../../act/failed.ts';
import { lookSeconds, plan } from '../../../act/plan.ts';
import type { Write } from '../../../act/write.ts';
import { decide } from '../../../decide/decide.ts';
import { type Memory, restoredMemory } from '../../../decide/memory.ts';
import type { Spend } from '../../../limits/spend.ts';
import { resolvePolicy } from '../../../policy/resolve.ts';
import type { BurstPolicy } from '../../../policy/schema.ts';
import type { Queue, World } from '../../world/types.ts';
import { Observer } from '../observe/observer.ts';
import type { VirtualPool } from '../setup.ts';
import { applyWrite } from './apply.ts';

export interface SpillwayOptions {
  readonly world: World;
  readonly queue: Queue;
  /** `namespace/name` of the policy's object in the world. */
  readonly policyKey: string;
  readonly pool: VirtualPool;
  /** Quota, pace and prices are known to the controller. */
  readonly limitsKnown: boolean;
  /** Decisions are at most so far apart. */
  readonly resolutionMs: number;
  /** What bursts have cost. */
  readonly spend: () => Spend;
}

/** From a job's arrival to the writes that answer it: what the running controller takes. */
const reactionMs = 25;
/** Changes that follow each other closely are decided on together. */
const apartMs = 1_000;

/**
 * Lets the controller's `decide` and `plan` govern a world: at least every `resolutionMs`, sooner where a decision asks
 * for it, and at once when a job arrives at an empty queue.
 */
export function startSpillway(options: SpillwayOptions): void {
  const { world, queue, policyKey, resolutionMs } = options;
  const object = world.objects.get('burstpolicies', policyKey);
  if (object === undefined) throw new Error(`the world has the policy ${policyKey}`);
  const policy = resolvePolicy(object as unknown as BurstPolicy);
  const observer = new Observer({ ...options, policy });
  let memory: Memory | undefined;
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  let due = { atMs: Number.POSITIVE_INFINITY, cancel: (): void => undefined };

  const lookAt = (atMs: number): void => {
    if (atMs >= due.atMs) return;
    due.cancel();
    due = { atMs, cancel: world.schedule(atMs, pass) };
  };
  const taken = (write: Write): boolean => {
    const done = applyWrite(write, world.objects);
    if (done && write.kind === 'SetDrain') queue.mark(write.name, write.drain && drainMark(write.drain.note));
    return done;
  };
  const pass = (): void => {
    due = { atMs: Number.POSITIVE_INFINITY, cancel: () => undefined };
    lookedAtMs = world.now();
    const { observation, standing, failed } = observer.look();
    memory ??= restoredMemory(lookedAtMs, { demand: observation.target.replicas, burst: 0 });
    const decided = decide(policy, observation, memory);
    memory = decided.memory;
    const planned = plan(policy, decided.decision, standing);
    const writes = policy.dryRun
      ? []
      : [...planned, ...planFailed(policy, decided.decision, failed, planned)];
    // A write that is refused is planned anew at the next look.
    const refused = writes.filter((write) => !taken(write)).length > 0;
    const nextMs = refused
      ? apartMs
      : Math.min(resolutionMs, lookSeconds(policy, decided.decision, writes) * 1000);
    lookAt(lookedAtMs + Math.max(apartMs, nextMs));
  };

  queue.onArrival(() => lookAt(Math.max(world.now() + reactionMs, lookedAtMs + apartMs)));
  lookAt(world.now());
}
