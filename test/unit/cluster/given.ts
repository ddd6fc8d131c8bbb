import { Interner } from '../../../src/cluster/intern.ts';
import type { RawNode, RawObject, RawPod, RawPodSpec, RawWorkload } from '../../../src/cluster/raw.ts';
import type { SlimNode, SlimPod } from '../../../src/cluster/slim.ts';
import { slimNode } from '../../../src/cluster/slim-node.ts';
import { slimPod } from '../../../src/cluster/slimming.ts';

/** One interner for all tests: equal shapes are the same object, as in the controller. */
export const interner = new Interner();

/** When the tests play, milliseconds since the epoch. */
export const startMs = Date.parse('2026-01-01T00:00:00Z');

export function at(secondsAfterStart: number): string {
  return new Date(startMs + secondsAfterStart * 1000).toISOString().replace('.000Z', 'Z');
}

let version = 0;

/** Metadata with a version newer than all before. */
export function meta(name: string, more: RawObject['metadata'] = {}): NonNullable<RawObject['metadata']> {
  version += 1;
  return {
    name,
    namespace: 'media',
    uid: `uid-${name}`,
    resourceVersion: String(version),
    creationTimestamp: at(0),
    ...more,
  };
}

export function owner(
  uid: string,
  kind = 'ReplicaSet',
): Pick<NonNullable<RawObject['metadata']>, 'ownerReferences'> {
  return { ownerReferences: [{ kind, name: uid, uid, controller: true }] };
}

export function spec(cpu: string, more: RawPodSpec = {}): RawPodSpec {
  return { containers: [{ name: 'main', resources: { requests: { cpu, memory: '1Gi' } } }], ...more };
}

export interface PodGiven {
  readonly meta?: RawObject['metadata'];
  readonly spec?: RawPodSpec;
  readonly phase?: string;
  /** Seconds after the start at which it became Ready; `no`: it is not. */
  readonly ready?: number | 'no';
  readonly boundAt?: number;
  readonly stuckAt?: number;
}

export function rawPod(name: string, given: PodGiven = {}): RawPod {
  const { ready = 'no', boundAt = 0, stuckAt, phase = 'Running' } = given;
  const scheduled =
    stuckAt === undefined
      ? { type: 'PodScheduled', status: 'True', lastTransitionTime: at(boundAt) }
      : { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', lastTransitionTime: at(stuckAt) };
  const readiness =
    ready === 'no'
      ? { type: 'Ready', status: 'False', lastTransitionTime: at(boundAt) }
      : { type: 'Ready', status: 'True', lastTransitionTime: at(ready) };
  return {
    metadata: meta(name, given.meta),
    spec: given.spec ?? spec('1'),
    status: { phase, conditions: [scheduled, readiness] },
  };
}

export function pod(name: string, given: PodGiven = {}): SlimPod {
  return slimPod(rawPod(name, given), interner);
}

export interface NodeGiven {
  readonly cpu?: string;
  readonly memory?: string;
  readonly pods?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: NonNullable<NonNullable<RawNode['spec']>['taints']>;
  readonly ready?: boolean;
  readonly readyAt?: number;
  readonly cordoned?: boolean;
}

export function rawNode(name: string, given: NodeGiven = {}): RawNode {
  const { cpu = '4', memory = '16Gi', pods = '110', ready = true, readyAt = -3600 } = given;
  return {
    metadata: {
      ...meta(name, { namespace: '', labels: { 'kubernetes.io/hostname': name, ...given.labels } }),
    },
    spec: { unschedulable: given.cordoned ?? false, taints: given.taints ?? [] },
    status: {
      allocatable: { cpu, memory, pods, 'ephemeral-storage': '100Gi' },
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'Unknown', lastTransitionTime: at(readyAt) }],
    },
  };
}

export function node(name: string, given: NodeGiven = {}): SlimNode {
  return slimNode(rawNode(name, given), interner);
}

export function workload(
  name: string,
  more: RawWorkload & { readonly meta?: RawObject['metadata'] } = {},
): RawWorkload {
  return { metadata: meta(name, more.meta), spec: more.spec ?? {}, status: more.status ?? {} };
}
