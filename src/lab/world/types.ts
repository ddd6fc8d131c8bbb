import type { Distribution } from './distribution.ts';
import type { KubeInput, LabelSelector, Labels, Node, Pod, Taint } from './kube.ts';
import type { ObjectStore } from './objects.ts';
import type { Queue, QueueSpec } from './queue-types.ts';
import type { Random } from './random.ts';

/**
 * # The world: a deterministic, synchronous model of a cluster
 *
 * Everything that happens is an event with a time. Nothing here reads a clock, waits or calls back later by itself:
 * time passes only inside `runUntil`, which processes all events that are due, in order. Same seed, same scenario and
 * same outside writes at the same times: same bytes.
 *
 * - In virtual time (`lab/simulate`): `world.runUntil(nextDecisionAtMs)`, then look, decide, write into
 *   `world.objects`, go on. `world.schedule(atMs, run)` puts own events among those of the world.
 * - On a real clock (`lab/api`, demo): call `runUntil(clock.now())` before every read and write from outside, and arm
 *   one timer for `nextEventAtMs`; `onEarlier` tells when that timer has to fire earlier. `startMs` is then `clock.now()`.
 *
 * Objects are read and written through `world.objects` alone (objects.ts), by the world's own controllers too; controllers react
 * to its change log a few milliseconds later, as informers do. Writes take effect at `world.now()`.
 * Any resource name may be stored; those in resources.ts have their kind, scope and subresources described.
 *
 * As in a real cluster: an object that names an owner which does not exist is collected (a companion needs its BurstPolicy in the store);
 * controllers know what is theirs by owner reference and adopt nothing; a deleted pod on a node stays until its kubelet lets it go.
 * Not modelled: StatefulSets, DaemonSets, PriorityClasses (set `spec.priority`), quotas of namespaces, Events, probes, volumes, Services.
 */
export interface World {
  readonly objects: ObjectStore;
  /** Milliseconds since the epoch: the end of the last `runUntil`, or the time of the event that runs now. */
  now(): number;
  /** Processes all events up to and including `ms`, in order, and sets the time to `ms`. An earlier `ms` does nothing. */
  runUntil(ms: number): void;
  /** When the next event is due; undefined: none is. */
  readonly nextEventAtMs: number | undefined;
  /** Puts an event in; events of the same time run in the order of `schedule`. A time in the past means now (at the next `runUntil`). The returned function calls it off. */
  schedule(atMs: number, run: () => void): () => void;
  /** Called when `nextEventAtMs` moved forward from outside `runUntil`. The returned function ends it. */
  onEarlier(listener: () => void): () => void;
  /** Randomness for parts that others add: `world.random.fork('name')` gives a stream of its own. */
  readonly random: Random;
  /** Queues of the scenario, by name, in the order of the scenario. */
  readonly queues: ReadonlyMap<string, Queue>;
  /** Virtual nodes of the scenario, by node name: to let them fail. */
  readonly virtualNodes: ReadonlyMap<string, VirtualNode>;
  /** VM nodes that somebody may break. */
  readonly vmNodes: VmNodes;
  /** Puts real or other processes into pods, ahead of the queues' workers; the demo does. */
  addProcesses(processes: PodProcesses): void;
  /** External metrics for HPAs: by metric name and the HPA's namespace. Queues of the scenario answer to `queue_backlog` with the label `queue`. */
  setExternalMetrics(read: ExternalMetrics): void;
}

export interface WorldOptions {
  /** Any text or number. Same seed, same bytes. */
  readonly seed: string | number;
  /** Milliseconds since the epoch at which the world begins. */
  readonly startMs: number;
  readonly scenario: Scenario;
}

/** What a world begins with. Only `pools` is required; defaults are in scenario.ts. */
export interface Scenario {
  readonly pools: readonly VmPool[];
  readonly virtualNodes?: readonly VirtualNodeSpec[];
  /** Left out: there is no cluster autoscaler, pools keep their size. */
  readonly autoscaler?: Partial<AutoscalerSettings>;
  readonly scheduler?: Partial<SchedulerSettings>;
  readonly kubelet?: Partial<KubeletSettings>;
  readonly queues?: readonly QueueSpec[];
  /** Created at the start, in this order, by resource name. Namespaces that they name are created too. */
  readonly objects?: readonly { readonly resource: string; readonly object: KubeInput }[];
  /** Changes that watchers may still ask for; older ones are `expired` (410). 50 000 by default; each holds two versions of an object, so keep it low where nobody watches. */
  readonly changeLogLength?: number;
}

/** A pool of equal VM nodes. They are named `<name>-<number>` and labelled `agentpool=<name>`. */
export interface VmPool {
  readonly name: string;
  /** Nodes that are there and Ready from the start. */
  readonly nodes: number;
  /** Bounds for the autoscaler; both default to `nodes`. */
  readonly minNodes?: number;
  readonly maxNodes?: number;
  /** Kubernetes quantities: allocatable on each node. */
  readonly cpu: string;
  readonly memory: string;
  /** 110 by default. */
  readonly pods?: number;
  readonly labels?: Labels;
  readonly taints?: readonly Taint[];
  /** From the order of a VM to its node being Ready, milliseconds. Log-normal around 150 s by default. */
  readonly bootMs?: Distribution;
}

export interface AutoscalerSettings {
  /** Between two looks at the pods (`--scan-interval`): 10 s. */
  readonly scanMs: number;
  /** How long a node is empty before it goes (`--scale-down-unneeded-time`): 10 min. */
  readonly unneededMs: number;
  /** No scale-down for so long after a scale-up (`--scale-down-delay-after-add`): 10 min. */
  readonly delayAfterAddMs: number;
  /** A node that is not there by then is given up and its pool backs off (`--max-node-provision-time`): 15 min. */
  readonly provisionMs: number;
  /** Backoff of a pool: first (`--initial-node-group-backoff-duration`), and longest: 5 and 30 min. */
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  /** VMs that the cloud grants over all pools; more fails with QUOTA_EXCEEDED and backs the pool off. Unlimited by default. */
  readonly vmQuota: number;
}

export interface SchedulerSettings {
  /** Time that placing one pod takes, one after the other: 5 ms. */
  readonly perPodMs: number;
  /** Backoff of a pod that found no node: 1 s, doubled up to 10 s. */
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  /** Pods that are unschedulable are tried again after so long even if nothing changed: 5 min. */
  readonly flushMs: number;
}

export interface KubeletSettings {
  /** From binding to the containers running on a node that has the image: 1 to 3 s. */
  readonly startMs: Distribution;
  /** Added for the first pod with an image on a node: 5 to 15 s. */
  readonly pullMs: Distribution;
}

/** A virtual node with labels, taint and size of the AKS add-on's. */
export interface VirtualNodeSpec {
  /** `virtual-node-aci-linux` by default. */
  readonly name?: string;
  readonly labels?: Labels;
  /** By default `virtual-kubelet.io/provider=azure:NoSchedule`. */
  readonly taints?: readonly Taint[];
  /** Allocatable (static, says nothing of the quota): 10k cores, 4Ti, 5k pods by default. */
  readonly cpu?: string;
  readonly memory?: string;
  readonly pods?: number;
  readonly settings?: Partial<VirtualNodeSettings>;
}

/** How a virtual node's provider behaves right now; changed with `VirtualNode.change`. */
export interface VirtualNodeSettings {
  /** From the acceptance of a pod to its containers running. Log-normal around 25 s by default. */
  readonly startMs: Distribution;
  /** Cores that all container groups together may have; more fails with ProviderFailed (StandardCores). 100 by default. */
  readonly quotaCores: number;
  /** Creations a rolling 5 minutes and a rolling hour: 100 and 300. Beyond, pods wait Pending in turn; refused creates do not count. */
  readonly createsPer5Minutes: number;
  readonly createsPerHour: number;
  /** The error that every new pod gets (ProviderFailed); undefined: none. */
  readonly createError: string | undefined;
  /** New pods are accepted and never start. */
  readonly stuckCreating: boolean;
  /** The node's Ready condition. */
  readonly ready: boolean;
  /** What deleting a pod does. `kill` (as ACI): containers end at once, the object stays until its grace period is over; `remove`: both at once; `honour`: the process gets its grace period. */
  readonly deletion: 'kill' | 'remove' | 'honour';
}

/** Which pods of a virtual node an order is for; all of them when nothing is said. */
export interface PodMatch {
  readonly namespace?: string;
  readonly namePrefix?: string;
}

/** A container group as the provider of a virtual node has it. It costs from `createdAtMs` until it is gone. */
export interface ContainerGroup {
  readonly namespace: string;
  readonly pod: string;
  readonly podUid: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly createdAtMs: number;
  readonly state: 'Creating' | 'Running' | 'Ended';
}

/** Governs one virtual node. */
export interface VirtualNode {
  readonly name: string;
  readonly settings: VirtualNodeSettings;
  change(settings: Partial<VirtualNodeSettings>): void;
  /** Lets running pods end by themselves with this exit code (0 by default), and returns how many. */
  complete(match?: PodMatch, exitCode?: number): number;
  /** Lets container groups of running pods vanish (Failed, reason NotFound), and returns how many. */
  vanish(match?: PodMatch): number;
  /** What exists at the provider, in the order of creation. */
  groups(): readonly ContainerGroup[];
  /** Cores in use of the quota. */
  readonly usedCores: number;
}

/** What may happen to VM nodes. */
export interface VmNodes {
  /**
   * The VM stops or comes back. Its processes die at once; after 40 s without a sign of life the node is NotReady, and its pods are evicted
   * after 5 min (their objects stay until the VM is back or removed). Back in time, it starts its pods again.
   */
  setAlive(name: string, alive: boolean): void;
  /** Adds a Ready node to a pool, outside of the autoscaler. Returns its name. */
  add(pool: string): string;
  /** The VM is gone at once: node object removed, processes killed; its pods are collected (a pod of a node that does not exist is deleted). */
  remove(name: string): void;
  /** VMs that exist (and cost) now, those that still boot included. */
  readonly count: number;
}

/**
 * What runs inside pods. The first registered that `runs` the pod gets its signals; the queues' workers come after those,
 * then a process that does nothing: it ends at once when told to (for Job pods: after `lab.spillway.dev/run-for`, 10 s by default,
 * with exit code `lab.spillway.dev/exit-code`, 0 by default).
 */
export interface PodProcesses {
  runs(pod: Pod): boolean;
  /** The containers run (the pod is Ready). Call `exited` when the process ends by itself or after `terminate`. */
  start(pod: Pod, exited: (exitCode: number) => void): void;
  /** SIGTERM: finish what is in work and call `exited`; `kill` comes when the grace period is over. */
  terminate(pod: Pod): void;
  /** SIGKILL, a vanished node or a vanished container group: the process is gone, `exited` is not heard any more. */
  kill(pod: Pod): void;
}

/** Value of an external metric; undefined: there is none (the HPA then keeps its replicas). */
export type ExternalMetrics = (
  namespace: string,
  name: string,
  selector: LabelSelector | undefined,
) => number | undefined;

/** What the world's parts share. Not for users of the world. */
export interface Stage {
  readonly objects: ObjectStore;
  now(): number;
  schedule(atMs: number, run: () => void): () => void;
  readonly random: Random;
}

export type {
  Arrivals,
  Queue,
  QueueSample,
  QueueSpec,
  QueueStats,
  QueueWorkerReport,
} from './queue-types.ts';
export type { Node, Pod };
