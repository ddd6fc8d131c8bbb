import type { V1PodSpec } from '@kubernetes/client-node';
import { names } from '../act/names.ts';
import { refusalOfRescue } from '../act/rescue-eligibility.ts';
import { Interner } from '../cluster/intern.ts';
import { shapeOf } from '../cluster/pod-shape.ts';
import type { RawCondition, RawMeta, RawNode, RawObject, RawPod } from '../cluster/raw.ts';
import { rescuedAnnotation } from '../cluster/rescued.ts';
import { collectionPath } from '../cluster/resources.ts';
import type { SlimNode, SlimPod } from '../cluster/slim.ts';
import { ownClassOf, slimNode } from '../cluster/slim-node.ts';
import { slimPod } from '../cluster/slimming.ts';
import { useOf } from '../cluster/virtual-node-use.ts';
import { isVirtual, poolOf } from '../cluster/virtual-nodes.ts';
import type { VirtualPool } from '../config.ts';
import type { RecordedDecision } from '../decide/decision.ts';
import type { Refusal } from '../decide/observation.ts';
import { carries } from '../policy/labels.ts';
import type { BurstPolicy } from '../policy/schema.ts';
import type { Reader } from './doctor/reader.ts';

/** What there is to know of one pod, before it is told. */
export interface PodFacts {
  readonly pod: SlimPod;
  /** `ReplicaSet x of Deployment y`, from the pod up; empty: nobody controls it. */
  readonly owners: readonly string[];
  /** `companion`: a burst pod of a companion; `rescued`: let onto the virtual pool; `target`: neither. */
  readonly role: 'companion' | 'rescued' | 'target';
  /** What the scheduler says of it; undefined: nothing, or it has a node. */
  readonly scheduler: string | undefined;
  /** What the provider says of its failure; undefined: nothing. */
  readonly provider: string | undefined;
  readonly onVirtualNode: boolean;
  /** Virtual nodes, and those of them that can be used; undefined: they cannot be read. */
  readonly virtualNodes: { readonly all: number; readonly usable: number } | undefined;
  /** What keeps it from being rescued; undefined: nothing, or it would not be. */
  readonly unrescuable: Refusal | undefined;
  readonly policy: BurstPolicy | undefined;
  /** What the running controller decided last on the policy; undefined: it was not reached. */
  readonly recorded: RecordedDecision | undefined;
  readonly events: readonly PodEvent[];
}

/** One Event on the pod. */
export interface PodEvent {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly count: number;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}

/** Who knows what. */
export interface FactSources {
  readonly reader: Reader;
  readonly pools: readonly VirtualPool[];
  readonly nowMs: number;
  /** The decision of a running controller; undefined: none is to be had. */
  readonly decisionOn: (policy: BurstPolicy) => Promise<RecordedDecision | undefined>;
}

/** Gathers what is known of a pod; undefined: it is not there. Throws SpillwayError where the cluster cannot be read. */
export async function podFacts(
  namespace: string,
  name: string,
  sources: FactSources,
): Promise<PodFacts | undefined> {
  const { reader, pools, nowMs } = sources;
  const read = await reader.get<RawPod>(`/api/v1/namespaces/${namespace}/pods/${name}`);
  if (read.state !== 'read') return undefined;
  const pod = slimPod(read.value, new Interner());
  const [chain, policies, nodes, events] = await Promise.all([
    ownersOf(reader, namespace, read.value.metadata ?? {}),
    listed<BurstPolicy>(reader, collectionPath('policies', namespace)),
    reader.list<RawNode>(collectionPath('nodes')),
    eventsOn(reader, pod),
  ]);
  const policy = policies.find((one) => isAbout(one, chain));
  const virtual = (nodes.state === 'read' ? nodes.value : [])
    .map((node) => slimNode(node, new Interner()))
    .filter((node) => isVirtual(node, pools));
  const usable = virtual.filter((node) => useOf(node, undefined, nowMs) === 'usable');
  return {
    pod,
    owners: chain.map(({ kind, meta }) => `${kind} ${meta.name ?? ''}`),
    role:
      pod.labels[names.burst] === 'true'
        ? 'companion'
        : pod.annotations[rescuedAnnotation] === undefined
          ? 'target'
          : 'rescued',
    scheduler: conditionText(read.value.status?.conditions, 'PodScheduled'),
    provider: pod.failure === undefined ? undefined : read.value.status?.message,
    onVirtualNode: virtual.some((node) => node.name === pod.nodeName),
    virtualNodes: nodes.state === 'read' ? { all: virtual.length, usable: usable.length } : undefined,
    unrescuable:
      policy?.spec.burst.strategy === 'Rescue' ? unrescuable(read.value, usable, pools) : undefined,
    policy,
    recorded: policy === undefined ? undefined : await sources.decisionOn(policy),
    events,
  };
}

interface Owner {
  readonly kind: string;
  readonly meta: RawMeta;
}

const ownerPaths: Readonly<Record<string, string>> = {
  ReplicaSet: '/apis/apps/v1/namespaces/NS/replicasets',
  Deployment: '/apis/apps/v1/namespaces/NS/deployments',
  StatefulSet: '/apis/apps/v1/namespaces/NS/statefulsets',
  Job: '/apis/batch/v1/namespaces/NS/jobs',
};

/** The controlling owners, from the pod up. One that cannot be read ends the chain, by its name alone. */
async function ownersOf(reader: Reader, namespace: string, meta: RawMeta): Promise<readonly Owner[]> {
  const owner = meta.ownerReferences?.find(({ controller }) => controller === true);
  if (owner?.kind === undefined || owner.name === undefined) return [];
  const { kind, name, uid } = owner;
  const known = { kind, meta: { name, ...(uid === undefined ? {} : { uid }) } };
  const path = ownerPaths[kind];
  if (path === undefined) return [known];
  const read = await reader.get<RawObject>(`${path.replace('NS', namespace)}/${name}`);
  if (read.state !== 'read' || read.value.metadata?.uid !== uid) return [known];
  const itself = read.value.metadata ?? {};
  return [{ kind, meta: itself }, ...(await ownersOf(reader, namespace, itself))];
}

/** Whether the policy targets one of the owners, or made it. */
function isAbout({ spec, metadata }: BurstPolicy, owners: readonly Owner[]): boolean {
  return owners.some(({ kind, meta }) => {
    const { targetRef, jobSelector } = spec;
    const labels = meta.labels ?? {};
    const made =
      (kind === 'BurstPolicy' && meta.uid === metadata.uid) || labels[names.policyUid] === metadata.uid;
    const named = targetRef?.kind === kind && targetRef.name === meta.name;
    const selected = jobSelector !== undefined && kind === 'Job' && carries(labels, jobSelector.matchLabels);
    return (made && metadata.uid !== undefined) || named || selected;
  });
}

function unrescuable(
  { spec, metadata }: RawPod,
  usable: readonly SlimNode[],
  pools: readonly VirtualPool[],
): Refusal | undefined {
  const pool = pools.find((each) => usable.some((node) => poolOf(node, pools) === each)) ?? pools[0];
  if (pool === undefined || spec === undefined) return undefined;
  const shape = shapeOf(spec, metadata?.labels ?? {}, new Interner());
  const nodes = usable.filter((node) => poolOf(node, pools) === pool).map(ownClassOf);
  return refusalOfRescue({ spec: spec as unknown as V1PodSpec, shape }, pool, nodes);
}

async function listed<T>(reader: Reader, path: string, selector?: string): Promise<readonly T[]> {
  const read = await reader.list<T>(path, selector);
  return read.state === 'read' ? read.value : [];
}

type RawEvent = RawObject & {
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly count?: number;
  readonly lastTimestamp?: string | null;
  readonly eventTime?: string | null;
};

async function eventsOn(reader: Reader, { namespace, uid }: SlimPod): Promise<readonly PodEvent[]> {
  const path = `/api/v1/namespaces/${namespace}/events`;
  const raw = await listed<RawEvent>(
    reader,
    path,
    `fieldSelector=${encodeURIComponent(`involvedObject.uid=${uid}`)}`,
  );
  return raw
    .map(({ type = '', reason = '', message = '', count = 1, lastTimestamp, eventTime, metadata }) => ({
      type,
      reason,
      message,
      count,
      atMs: Date.parse(lastTimestamp ?? eventTime ?? metadata?.creationTimestamp ?? '') || 0,
    }))
    .toSorted((a, b) => a.atMs - b.atMs);
}

function conditionText(conditions: readonly RawCondition[] | undefined, type: string): string | undefined {
  const found = conditions?.find((one) => one.type === type);
  return found?.status === 'False' ? found.message : undefined;
}
