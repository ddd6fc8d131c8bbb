import { ledgerName } from '../../limits/ledger-store.ts';

/** Where a right is needed. */
export type Where = 'cluster' | 'policies' | 'spillway' | 'kube-system' | 'kube-node-lease';

/** One thing that the ServiceAccount of Spillway must be allowed. */
export interface NeededRight {
  /** API group; empty: the core one. */
  readonly group: string;
  /** With its subresource: `pods/eviction`. */
  readonly resource: string;
  readonly verbs: readonly string[];
  readonly where: Where;
  /** Only the object of this name; `lease`: the one that is configured. */
  readonly name?: string;
  /** What is lost without it, where Spillway runs all the same; undefined: it does not. */
  readonly loses?: string;
  /** Only policies with `strategy: Rescue` on a Deployment need it; the manifest has it as a comment. */
  readonly forRescue?: true;
}

const follow = ['list', 'watch'] as const;

/**
 * All that Spillway asks of the API server, Secrets aside: these are granted for each namespace by name.
 * docs/examples/install.yaml grants exactly this, and docs/permissions.md says what each is for; a test compares.
 */
export const neededRights: readonly NeededRight[] = [
  { group: '', resource: 'nodes', verbs: follow, where: 'cluster' },
  { group: '', resource: 'pods', verbs: follow, where: 'cluster' },
  { group: 'apps', resource: 'daemonsets', verbs: follow, where: 'cluster' },
  {
    group: 'karpenter.sh',
    resource: 'nodeclaims',
    verbs: follow,
    where: 'cluster',
    loses: 'whether Karpenter can bring VMs is not known',
  },
  {
    group: 'karpenter.sh',
    resource: 'nodepools',
    verbs: follow,
    where: 'cluster',
    loses: 'whether Karpenter can bring VMs is not known',
  },
  { group: 'spillway.dev', resource: 'burstpolicies', verbs: [...follow, 'patch'], where: 'policies' },
  { group: 'spillway.dev', resource: 'burstpolicies/status', verbs: ['update'], where: 'policies' },
  {
    group: 'apps',
    resource: 'deployments',
    verbs: ['get', ...follow, 'create', 'patch', 'delete'],
    where: 'policies',
  },
  { group: 'apps', resource: 'replicasets', verbs: follow, where: 'policies' },
  { group: 'apps', resource: 'statefulsets', verbs: follow, where: 'policies' },
  { group: 'batch', resource: 'jobs', verbs: follow, where: 'policies' },
  { group: 'autoscaling', resource: 'horizontalpodautoscalers', verbs: follow, where: 'policies' },
  { group: 'keda.sh', resource: 'scaledobjects', verbs: follow, where: 'policies' },
  { group: '', resource: 'resourcequotas', verbs: follow, where: 'policies' },
  { group: '', resource: 'pods', verbs: ['patch', 'delete'], where: 'policies' },
  {
    group: '',
    resource: 'pods/eviction',
    verbs: ['create'],
    where: 'policies',
    loses: 'rescued pods are not given back to VMs',
    forRescue: true,
  },
  {
    group: 'events.k8s.io',
    resource: 'events',
    verbs: ['create'],
    where: 'policies',
    loses: 'no Events tell of bursts',
  },
  { group: 'coordination.k8s.io', resource: 'leases', verbs: ['create'], where: 'spillway' },
  {
    group: 'coordination.k8s.io',
    resource: 'leases',
    verbs: ['get', 'update'],
    where: 'spillway',
    name: 'lease',
  },
  { group: '', resource: 'configmaps', verbs: ['create'], where: 'spillway' },
  { group: '', resource: 'configmaps', verbs: ['get', 'update'], where: 'spillway', name: ledgerName },
  {
    group: '',
    resource: 'configmaps',
    verbs: ['get', 'watch'],
    where: 'kube-system',
    name: 'cluster-autoscaler-status',
    loses: 'whether cluster-autoscaler can bring VMs is not known',
  },
  {
    group: 'coordination.k8s.io',
    resource: 'leases',
    verbs: ['get'],
    where: 'kube-node-lease',
    loses: 'a virtual node whose heartbeat is old counts as dead',
  },
];
