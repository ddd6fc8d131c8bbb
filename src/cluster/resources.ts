import type { Interner } from './intern.ts';
import { slimQuota } from './quota.ts';
import type { RawObject } from './raw.ts';
import { slimNode } from './slim-node.ts';
import {
  type Slim,
  slimDaemonSet,
  slimJob,
  slimPod,
  slimPolicy,
  slimReplicaSet,
  slimScaler,
  slimWorkload,
} from './slimming.ts';
import type { Kind, Kinds } from './store.ts';

/** Where a resource is served and how its objects are slimmed. */
interface Resource<T> {
  readonly base: string;
  readonly plural: string;
  /** `cluster`: always followed in all namespaces. Free room depends on every pod, whoever owns it. */
  readonly scope: 'cluster' | 'namespaces';
  readonly slim: Slim<T>;
}

const resources: { readonly [K in Kind]: Resource<Kinds[K]> } = {
  nodes: { base: '/api/v1', plural: 'nodes', scope: 'cluster', slim: slimNode },
  pods: { base: '/api/v1', plural: 'pods', scope: 'cluster', slim: slimPod },
  daemonsets: { base: '/apis/apps/v1', plural: 'daemonsets', scope: 'cluster', slim: slimDaemonSet },
  deployments: {
    base: '/apis/apps/v1',
    plural: 'deployments',
    scope: 'namespaces',
    slim: slimWorkload('Deployment'),
  },
  statefulsets: {
    base: '/apis/apps/v1',
    plural: 'statefulsets',
    scope: 'namespaces',
    slim: slimWorkload('StatefulSet'),
  },
  replicasets: { base: '/apis/apps/v1', plural: 'replicasets', scope: 'namespaces', slim: slimReplicaSet },
  jobs: { base: '/apis/batch/v1', plural: 'jobs', scope: 'namespaces', slim: slimJob },
  hpas: {
    base: '/apis/autoscaling/v2',
    plural: 'horizontalpodautoscalers',
    scope: 'namespaces',
    slim: slimScaler('HorizontalPodAutoscaler'),
  },
  scaledobjects: {
    base: '/apis/keda.sh/v1alpha1',
    plural: 'scaledobjects',
    scope: 'namespaces',
    slim: slimScaler('ScaledObject'),
  },
  resourcequotas: { base: '/api/v1', plural: 'resourcequotas', scope: 'namespaces', slim: slimQuota },
  policies: {
    base: '/apis/spillway.dev/v1alpha1',
    plural: 'burstpolicies',
    scope: 'namespaces',
    slim: slimPolicy,
  },
};

/** All kinds, in the order in which they are worth knowing. */
export const kinds = Object.keys(resources) as readonly Kind[];

/** Namespaces in which a kind is followed; `undefined` stands for all at once. */
export function scopesOf(kind: Kind, namespaces: 'all' | readonly string[]): readonly (string | undefined)[] {
  return namespaces === 'all' || resources[kind].scope === 'cluster' ? [undefined] : namespaces;
}

/** Path of the collection of a kind. */
export function collectionPath(kind: Kind, namespace?: string): string {
  const { base, plural } = resources[kind];
  return namespace === undefined ? `${base}/${plural}` : `${base}/namespaces/${namespace}/${plural}`;
}

/** The slim form of one object of a kind. */
export function slimAs<K extends Kind>(kind: K, raw: RawObject, interner: Interner): Kinds[K] {
  return resources[kind].slim(raw, interner);
}
