import { type GroupSize, groupSize } from '../../limits/group-size.ts';
import { withCondition } from './conditions.ts';
import { CreationPace } from './creation-pace.ts';
import { draw } from './distribution.ts';
import type { Pod } from './kube.ts';
import type { NodeAgent } from './kubelets.ts';
import { virtualNodeName, virtualNodeObject } from './node-objects.ts';
import type { PodRuns } from './pod-runs.ts';
import type { Random } from './random.ts';
import { defaults } from './scenario.ts';
import { timeText } from './time.ts';
import type {
  ContainerGroup,
  PodMatch,
  Stage,
  VirtualNode,
  VirtualNodeSettings,
  VirtualNodeSpec,
} from './types.ts';

/** A group as the provider has it. */
type Group = GroupSize & {
  readonly pod: Pod;
  readonly createdAtMs: number;
  state: ContainerGroup['state'];
  /** Accepted while `stuckCreating` was set. */
  stuck: boolean;
  /** It exists though the API server shows ProviderFailed. */
  readonly untold: boolean;
};

const fiveMinutesMs = 300_000;
const hourMs = 3_600_000;
/** A refused create is tried again 20 times, after 5 ms doubled each time up to 1000 s (virtual-kubelet, work queue). */
const retryMs = 5;
const longestRetryMs = 1_000_000;
const tries = 20;

/**
 * A virtual kubelet with ACI behind it. A refused create marks the pod ProviderFailed, and that sticks: if a later try succeeds, the group exists
 * and costs while its pod stays Pending (what would run in such a group is not modelled). Quota is checked on create.
 */
export class VirtualKubelet implements NodeAgent, VirtualNode {
  readonly name: string;
  readonly #stage: Stage;
  readonly #runs: PodRuns;
  readonly #random: Random;
  readonly #pace = new CreationPace();
  readonly #groups = new Map<string, Group>();
  #waiting: { readonly pod: Pod; readonly attempt: number }[] = [];
  #pumpPlanned = false;
  #settings: VirtualNodeSettings;

  constructor(stage: Stage, runs: PodRuns, spec: VirtualNodeSpec) {
    this.name = spec.name ?? virtualNodeName;
    this.#stage = stage;
    this.#runs = runs;
    this.#random = stage.random.fork(`virtual-node/${this.name}`);
    this.#settings = { ...defaults.virtualNode, ...spec.settings };
    stage.objects.create('nodes', virtualNodeObject(spec, this.#settings.ready, timeText(stage.now())));
  }

  get settings(): VirtualNodeSettings {
    return this.#settings;
  }

  get usedCores(): number {
    let cores = 0;
    for (const group of this.#groups.values()) if (group.state !== 'Ended') cores += group.cores;
    return cores;
  }

  change(settings: Partial<VirtualNodeSettings>): void {
    const before = this.#settings;
    this.#settings = { ...before, ...settings };
    if (before.ready !== this.#settings.ready) this.#tellReady();
    if (before.stuckCreating && !this.#settings.stuckCreating) {
      for (const [uid, group] of this.#groups) if (group.stuck) this.#start(uid, group);
    }
    this.#pump();
  }

  complete(match: PodMatch = {}, exitCode = 0): number {
    return this.#endAll(match, (uid, group) => {
      group.state = 'Ended';
      this.#runs.end(uid, exitCode);
    });
  }

  vanish(match: PodMatch = {}): number {
    return this.#endAll(match, (uid) => {
      this.#groups.delete(uid);
      this.#runs.end(uid, -137, {
        reason: 'NotFound',
        message: 'The pod may have been deleted from the provider',
      });
    });
  }

  groups(): readonly ContainerGroup[] {
    return [...this.#groups].map(([podUid, { pod, cores, memoryBytes, createdAtMs, state }]) => ({
      namespace: pod.metadata.namespace ?? '',
      pod: pod.metadata.name,
      podUid,
      cores,
      memoryBytes,
      createdAtMs,
      state,
    }));
  }

  accept(pod: Pod): void {
    this.#waiting.push({ pod, attempt: 1 });
    this.#pump();
  }

  terminate(pod: Pod, graceMs: number): void {
    const { uid, name, namespace = '' } = pod.metadata;
    const { deletion } = this.#settings;
    if (deletion === 'honour' && this.#runs.isRunning(uid)) {
      this.#runs.terminate(uid, graceMs);
      return;
    }
    // The object of a pod that does not run goes at once; for one that runs virtual-kubelet waits the grace period out.
    const waitMs = deletion === 'kill' && this.#runs.isRunning(uid) ? graceMs : 0;
    this.#groups.delete(uid);
    if (this.#runs.isRunning(uid)) this.#runs.killTelling(uid);
    else this.#runs.kill(uid);
    this.#stage.schedule(this.#stage.now() + waitMs, () => {
      this.#runs.remove(uid);
      const left = this.#stage.objects.get('pods', `${namespace}/${name}`);
      if (left?.metadata.uid === uid) {
        this.#stage.objects.delete('pods', `${namespace}/${name}`, { gracePeriodSeconds: 0 });
      }
    });
  }

  gone(pod: Pod): void {
    this.#groups.delete(pod.metadata.uid);
    this.#waiting = this.#waiting.filter((each) => each.pod.metadata.uid !== pod.metadata.uid);
  }

  /** Creates what waits, as fast as the provider lets it. */
  #pump(): void {
    if (this.#pumpPlanned || this.#waiting.length === 0) return;
    this.#pumpPlanned = true;
    const { createsPer5Minutes, createsPerHour } = this.#settings;
    const atMs = this.#pace.nextAtMs(this.#stage.now(), [
      { spanMs: fiveMinutesMs, count: createsPer5Minutes },
      { spanMs: hourMs, count: createsPerHour },
    ]);
    this.#stage.schedule(atMs, () => {
      this.#pumpPlanned = false;
      const next = this.#waiting.shift();
      if (next !== undefined) this.#create(next.pod, next.attempt);
      this.#pump();
    });
  }

  #create(pod: Pod, attempt: number): void {
    const { uid, namespace = '', name } = pod.metadata;
    const current = this.#stage.objects.get('pods', `${namespace}/${name}`);
    if (current?.metadata.uid !== uid || current.metadata.deletionTimestamp !== undefined) return;
    const size = groupSize(current.spec);
    const refusal = this.#settings.createError ?? this.#quotaRefusal(size);
    if (refusal !== undefined) {
      this.#refuse(current, refusal, attempt);
      return;
    }
    this.#pace.created(this.#stage.now(), hourMs);
    const untold = current.status.reason === 'ProviderFailed';
    const group: Group = {
      ...size,
      pod: current,
      createdAtMs: this.#stage.now(),
      state: 'Creating',
      stuck: false,
      untold,
    };
    this.#groups.set(uid, group);
    if (!untold) this.#runs.accept(current);
    this.#start(uid, group);
  }

  #start(uid: string, group: Group): void {
    group.stuck = this.#settings.stuckCreating;
    if (group.stuck) return;
    const delayMs = draw(this.#settings.startMs, this.#random);
    const started = (): void => {
      group.state = 'Running';
    };
    if (group.untold) this.#stage.schedule(this.#stage.now() + delayMs, started);
    else this.#runs.startAfter(uid, delayMs, started);
  }

  #quotaRefusal({ cores }: GroupSize): string | undefined {
    const { quotaCores } = this.#settings;
    const used = this.usedCores;
    if (used + cores <= quotaCores) return undefined;
    return `container group quota 'StandardCores' exceeded in region 'eastus'. Limit: '${quotaCores}', Usage: '${used}' Requested: '${cores}'`;
  }

  #refuse(pod: Pod, message: string, attempt: number): void {
    const phase = pod.spec.restartPolicy === 'Never' ? 'Failed' : 'Pending';
    this.#stage.objects.updateStatus('pods', {
      ...pod,
      status: { ...pod.status, phase, reason: 'ProviderFailed', message },
    });
    if (attempt >= tries || phase === 'Failed') return;
    const delayMs = Math.min(longestRetryMs, retryMs * 2 ** attempt);
    this.#stage.schedule(this.#stage.now() + delayMs, () => {
      this.#waiting.push({ pod, attempt: attempt + 1 });
      this.#pump();
    });
  }

  #endAll({ namespace, namePrefix = '' }: PodMatch, end: (uid: string, group: Group) => void): number {
    const matching = [...this.#groups].filter(
      ([uid, { pod }]) =>
        this.#runs.isRunning(uid) &&
        (namespace === undefined || pod.metadata.namespace === namespace) &&
        pod.metadata.name.startsWith(namePrefix),
    );
    for (const [uid, group] of matching) end(uid, group);
    return matching.length;
  }

  #tellReady(): void {
    const node = this.#stage.objects.get('nodes', this.name);
    if (node === undefined) return;
    const { ready } = this.#settings;
    const conditions = withCondition(
      node.status.conditions,
      {
        type: 'Ready',
        status: ready ? 'True' : 'False',
        reason: ready ? 'KubeletReady' : 'KubeletNotReady',
      },
      this.#stage.now(),
    );
    this.#stage.objects.updateStatus('nodes', { ...node, status: { ...node.status, conditions } });
    if (ready) for (const uid of this.#groups.keys()) this.#runs.tellReady(uid);
  }
}
