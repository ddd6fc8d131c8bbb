import assert from 'node:assert/strict';
import { readDrainNote } from '../../../src/act/drain-note.ts';
import { names } from '../../../src/act/names.ts';
import type { Write } from '../../../src/act/write.ts';
import { resourcesOf } from '../../../src/decide/requests.ts';
import { isActive, isReady, isTrue } from '../../../src/lab/world/conditions.ts';
import type { Pod } from '../../../src/lab/world/kube.ts';
import { needsOf } from '../../../src/lab/world/needs.ts';
import { virtualNodeName } from '../../../src/lab/simulate/setup.ts';
import type { Pass, Watching } from './governor.ts';
import { burstOf } from './governor.ts';
import type { Plot } from './plot.ts';
import { drainTimeoutSeconds, namespace, price, type Stage, targetKey } from './stage.ts';

/** Faults by which pods come that no controller has asked for just then. */
const unpaced: ReadonlySet<string> = new Set([
  'vanish',
  'companionDeleted',
  'companionScaled',
  'createError',
  'stuckCreating',
]);

/** What a judge knows of the faults: what they excuse. */
export interface Excuses {
  /** Somebody else deleted or scaled a companion, or changed the target's template. */
  meddled: boolean;
}

/**
 * Holds the promises of DESIGN against everything that a controller does in a world, at every step. It reads the world
 * itself and not the observation, so that a wrong observation shows.
 */
export class Judge implements Watching {
  readonly #stage: Stage;
  readonly #plot: Plot;
  readonly excuses: Excuses = { meddled: false };
  /** When a replica of a companion was last asked for or given up, milliseconds since the epoch. */
  lastWriteMs = 0;
  writes = 0;
  /** Objects that a late write must not touch any more: those that a later leader wrote to since it was decided. */
  readonly #writtenAtMs = new Map<string, number>();
  /** What container groups have cost so far, by the judge's own books; a plot is shorter than a day. */
  #spent = 0;
  /** When burst pods were bound to the virtual node, milliseconds since the epoch. */
  readonly #boundAtMs: number[] = [];
  #heard: { readonly asked: number; readonly atMs: number } | undefined;

  constructor(stage: Stage, plot: Plot) {
    this.#stage = stage;
    this.#plot = plot;
    stage.world.objects.onChange(({ resource, type, object, before }) => {
      if (resource !== 'pods' || type !== 'MODIFIED') return;
      const [pod, earlier] = [object as Pod, before as Pod];
      if (pod.spec.nodeName === virtualNodeName && earlier.spec.nodeName === undefined) this.#bound();
      if (pod.metadata.deletionTimestamp === undefined || earlier.metadata.deletionTimestamp !== undefined)
        return;
      this.#deleted(pod);
    });
  }

  /** Books what stands at the provider for these seconds. */
  book(seconds: number): void {
    const perHour = this.#stage.virtualNode
      .groups()
      .reduce(
        (sum, { cores, memoryBytes }) =>
          sum + cores * price.perCpuHour + (memoryBytes / 1e9) * price.perMemoryGbHour,
        0,
      );
    this.#spent += (perHour * seconds) / 3600;
  }

  /** 4. Bounded, for the pace: where nothing but this controller makes pods go and come. */
  #bound(): void {
    const { faults, virtual } = this.#plot;
    const nowMs = this.#stage.world.now();
    this.#boundAtMs.push(nowMs);
    if (!virtual.limitsKnown || faults.some(({ kind }) => unpaced.has(kind))) return;
    const lately = this.#boundAtMs.filter((atMs) => atMs > nowMs - 300_000).length;
    assert.ok(lately <= virtual.createsPer5Minutes, `${lately} pods came to the virtual node within 5 min`);
  }

  /** Another controller leads, which knows only what stands in the cluster. */
  restarted(): void {
    this.#heard = undefined;
  }

  passed({ policy, observation, decision, writes }: Pass): void {
    // 10. Dry run means dry.
    if (policy.dryRun) assert.equal(writes.length, 0, 'a dry run writes');
    // 8. Missing data is not zero: what the source asked for last is held.
    const [source] = decision.sources;
    const [seen] = observation.sources;
    if (source?.state === 'ok') this.#heard = { asked: source.replicas, atMs: decision.atMs };
    if (source?.state === 'lost' && seen?.sample.state === 'lost' && this.#heard !== undefined) {
      assert.ok(source.replicas >= this.#heard.asked - 1e-9, 'a lost source asks for less than it last did');
    }
    // 4. Bounded: what is granted stays within every limit.
    assert.ok(decision.burst.granted <= policy.burst.maxReplicas, 'more than maxReplicas is granted');
    // 9. Explained.
    assert.ok(decision.summary.length > 10 && decision.reasons.length > 0);
  }

  /** Everything that has to hold at the moment at which a write is sent, before the API server has it. */
  about(write: Write, pass: Pass): void {
    const { policy, decision } = pass;
    assert.equal(write.decisionId, decision.id, 'a write names another decision');
    this.#handsOff(write, policy.uid);
    if (write.kind === 'CreateCompanion') this.#grows(write.to, 0, pass);
    if (write.kind === 'ScaleCompanion') {
      if (write.to > write.from) this.#grows(write.to, write.from, pass);
      else this.#gives(write, pass);
    }
  }

  taken(write: Write, { decision }: Pass, late: boolean): void {
    const { world } = this.#stage;
    const object = `${write.kind === 'SetDrain' ? 'pod' : 'deployment'} ${write.name}`;
    // 5. One writer: what somebody wrote to since, a late write does not reach.
    if (late) {
      const since = this.#writtenAtMs.get(object) ?? Number.NEGATIVE_INFINITY;
      assert.ok(since <= decision.atMs, `the late ${write.kind} on ${object} was taken`);
    }
    if (!late) this.#writtenAtMs.set(object, world.now());
    this.lastWriteMs = world.now();
    this.writes += 1;
  }

  /** 6. Hands off: the target, its pods, and what the policy owns. */
  #handsOff(write: Write, policyUid: string): void {
    const { objects } = this.#stage.world;
    assert.equal(write.namespace, namespace);
    if (write.kind === 'ScaleTarget') assert.equal(`${write.namespace}/${write.name}`, targetKey);
    if (write.kind === 'SetFinalizers') assert.equal(write.name, 'jobs');
    const isOnCompanion = ['ScaleCompanion', 'MendCompanion', 'DeleteCompanion'].includes(write.kind);
    const object = objects.get('deployments', `${write.namespace}/${write.name}`);
    if (!isOnCompanion || object === undefined) return;
    assert.ok(
      object.metadata.ownerReferences?.some(({ uid }) => uid === policyUid),
      `${write.name} is not the policy's`,
    );
  }

  /** 2. VM first, and 4. Bounded, for a companion that gets more. */
  #grows(to: number, from: number, { decision, policy }: Pass): void {
    const { demand, burst } = decision;
    const asked = this.#asked() - from + to;
    const carried = this.#liveOnVms().length;
    const distrusted = decision.reasons.some(({ code }) => code === 'HeadroomDistrusted');
    const room = distrusted ? 0 : this.#room();
    const kept = burst.asked;
    // Pods of an older template are replaced: until they are empty they run beside their successors.
    assert.ok(
      to <= Math.max(kept, demand - carried - room),
      `burst grows to ${to} though VMs carry ${carried} of ${demand} and have room for ${room}`,
    );
    assert.ok(asked <= Math.max(kept, policy.burst.maxReplicas), 'more than maxReplicas is asked for');
    const { maxRatePerHour, maxSpendPerDay } = this.#plot.policy;
    const { limitsKnown, quotaCores } = this.#plot.virtual;
    if (!limitsKnown) return;
    const { podCores } = this.#plot.work;
    const perReplica = podCores * price.perCpuHour + price.perMemoryGbHour;
    if (maxRatePerHour !== undefined) {
      assert.ok(
        asked * perReplica <= maxRatePerHour + 1e-6 || asked <= kept,
        `${asked} cost more than ${maxRatePerHour}/h`,
      );
    }
    if (maxSpendPerDay !== undefined) {
      assert.ok(this.#spent < maxSpendPerDay + 0.01 || to <= kept, `it grows with ${this.#spent} spent`);
    }
    assert.ok(asked * podCores <= quotaCores || asked <= kept, `${asked} need more than ${quotaCores} cores`);
  }

  /** 3. Never less: ready capacity does not fall below the demand, unless a hard limit says so. */
  #gives(write: Write & { readonly kind: 'ScaleCompanion' }, { decision, standing }: Pass): void {
    const { hard, asked } = decision.burst;
    if (hard < asked || this.excuses.meddled) return;
    const { name, from, to } = write;
    const live = standing.companions.find((one) => one.name === name)?.live ?? [];
    const unready = Math.max(0, from - live.filter(({ ready }) => ready).length);
    const lost = Math.max(0, from - to - unready);
    const ready = decision.placedReady + this.#burstReady();
    assert.ok(
      ready - lost >= Math.min(decision.demand, ready),
      `${from - to} of ${name} go, ${ready} are ready and ${decision.demand} wanted`,
    );
  }

  /** 7. No lost work: a pod that is deleted because replicas went down has no job in work, or its drain took too long. */
  #deleted(pod: Pod): void {
    const { queue, world } = this.#stage;
    if (!this.#plot.work.drains || this.excuses.meddled) return;
    const busy = queue.sample().busy[pod.metadata.name] ?? 0;
    const note = readDrainNote(pod.metadata.annotations);
    const overdue = note !== undefined && world.now() - note.sinceMs >= drainTimeoutSeconds * 1000;
    // A pod without a note was deleted by somebody else: by the node's end, or preempted.
    const byUs = pod.metadata.labels?.[names.burst] === 'true' || note !== undefined;
    if (!byUs || overdue || !isReady(pod)) return;
    assert.equal(busy, 0, `${pod.metadata.name} is deleted with ${busy} jobs in work`);
  }

  #asked(): number {
    return this.#stage.world.objects
      .list('deployments', namespace)
      .filter(({ metadata }) => `${namespace}/${metadata.name}` !== targetKey)
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .reduce((total, { spec }) => total + (spec.replicas ?? 1), 0);
  }

  #burstReady(): number {
    return this.#pods().filter((pod) => pod.metadata.labels?.[names.burst] === 'true' && isReady(pod)).length;
  }

  #pods(): readonly Pod[] {
    return this.#stage.world.objects.list('pods', namespace).filter(isActive);
  }

  #liveOnVms(): readonly Pod[] {
    const vms = this.#vmNodes();
    return this.#pods().filter(({ spec }) => spec.nodeName !== undefined && vms.has(spec.nodeName));
  }

  /** VM nodes that are Ready, not cordoned and without taints, with what pods of all kinds leave of them. */
  #vmNodes(): ReadonlyMap<string, { cpuMillicores: number; memoryBytes: number; pods: number }> {
    const { objects } = this.#stage.world;
    const nodes = objects
      .list('nodes')
      .filter(({ metadata, status, spec }) => {
        const free = (spec.taints ?? []).every(({ effect }) => effect === 'PreferNoSchedule');
        const usable = isTrue(status.conditions, 'Ready') && spec.unschedulable !== true && free;
        return usable && metadata.labels?.['type'] !== 'virtual-kubelet';
      })
      .map(({ metadata, status }) => {
        const { cpuMillicores, memoryBytes } = resourcesOf(status.allocatable);
        const free = { cpuMillicores, memoryBytes, pods: Number(status.allocatable?.['pods'] ?? 0) };
        return [metadata.name, free] satisfies [string, object];
      });
    const free = new Map(nodes);
    for (const { spec, status } of objects.list('pods')) {
      const node = free.get(spec.nodeName ?? '');
      if (node === undefined || status.phase === 'Succeeded' || status.phase === 'Failed') continue;
      const { requests } = needsOf(spec);
      node.cpuMillicores -= requests.cpuMillicores;
      node.memoryBytes -= requests.memoryBytes;
      node.pods -= 1;
    }
    return free;
  }

  /** Pods of the target that fit on VMs besides all that is there, terminating ones included. */
  #room(): number {
    const asks = this.#plot.work.podCores * 1000;
    let room = 0;
    for (const { cpuMillicores, memoryBytes, pods } of this.#vmNodes().values()) {
      room += Math.max(0, Math.min(Math.floor(cpuMillicores / asks), Math.floor(memoryBytes / 1e9), pods));
    }
    return room;
  }
}

/** Replicas that companions ask for in the world, for the end of a plot. */
export function standingBurst(pass: Pass | undefined): number {
  return pass === undefined ? 0 : burstOf(pass.observation);
}
