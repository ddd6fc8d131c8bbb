import { type Growth, growthOf, read as readStatus, unknownGrowth } from '../../../cluster/autoscaler.ts';
import { better } from '../../../cluster/growth.ts';
import { Interner } from '../../../cluster/intern.ts';
import { karpenterGrowth, slimNodeClaim, slimNodePool } from '../../../cluster/karpenter.ts';
import type { RawObject } from '../../../cluster/raw.ts';
import type { GrowthCode, GrowthReason } from '../../../decide/observation.ts';
import { type Found, ok, skipped, warn } from '../finding.ts';
import type { Check, Look } from '../look.ts';

const id = 'vm-pool-growth';

/** Whether more VMs can come, and who brings them. */
export const checkGrowth: Check = async (look) => {
  const [autoscaler, karpenter] = await Promise.all([autoscalerOf(look), karpenterOf(look)]);
  const growth = better(autoscaler, karpenter);
  const { growthReason: reason } = growth;
  if (reason === undefined) return [nobody(look)];
  const who = `${reason.by}${sizes(reason)}`;
  switch (growth.growth) {
    case 'Growing':
      return [ok(id, `${who} is adding VMs.`)];
    case 'CanGrow':
      return [ok(id, `${who} can add VMs.`)];
    case 'CannotGrow':
    case 'Unknown':
      return [warn(id, `${who} ${problems[reason.code]}${errorIn(reason)}.`, remedies[reason.code])];
  }
};

function nobody({ policies = [] }: Look): Found {
  const waiting = policies.filter(
    ({ spec }) => spec.scaling !== undefined && (spec.burst.vmPool ?? 'Grow') === 'Grow',
  );
  const none = 'Neither cluster-autoscaler nor Karpenter is seen: no VMs come by themselves.';
  if (waiting.length === 0) return skipped(id, none);
  const names = waiting.map(({ metadata }) => `${metadata.namespace ?? ''}/${metadata.name}`).join(', ');
  return warn(
    id,
    `${none} Policies that leave pods pending for them: ${names}.`,
    'Write burst.vmPool: Fixed in these policies, or turn on an autoscaler (on AKS: az aks nodepool update --enable-cluster-autoscaler).',
  );
}

async function autoscalerOf({ reader, clock }: Look): Promise<Growth> {
  const path = '/api/v1/namespaces/kube-system/configmaps/cluster-autoscaler-status';
  const read = await reader.get<RawObject & { readonly data?: { readonly status?: string } }>(path);
  if (read.state !== 'read') return unknownGrowth;
  const { data, metadata } = read.value;
  const lastUpdated = metadata?.annotations?.['cluster-autoscaler.kubernetes.io/last-updated'];
  return growthOf(readStatus({ status: data?.status ?? '', lastUpdated }), clock.now());
}

async function karpenterOf({ reader, clock }: Look): Promise<Growth> {
  const interner = new Interner();
  for (const version of ['v1', 'v1beta1']) {
    const pools = await reader.list<RawObject>(`/apis/karpenter.sh/${version}/nodepools`);
    if (pools.state !== 'read') continue;
    const claims = await reader.list<RawObject>(`/apis/karpenter.sh/${version}/nodeclaims`);
    const known = (claims.state === 'read' ? claims.value : [])
      .map((raw) => slimNodeClaim(raw, interner))
      .filter(({ deleting }) => !deleting);
    return karpenterGrowth({
      coming: known.filter(({ initialized }) => !initialized),
      nodes: known.length,
      pools: pools.value.map((raw) => slimNodePool(raw, interner)),
      failures: undefined,
      nowMs: clock.now(),
    });
  }
  return unknownGrowth;
}

function sizes({ targetNodes, maxNodes }: GrowthReason): string {
  return targetNodes === undefined || maxNodes === undefined
    ? ''
    : ` (${targetNodes} of at most ${maxNodes} VMs)`;
}

function errorIn({ errorCode }: GrowthReason): string {
  return errorCode === undefined ? '' : ` (${errorCode})`;
}

const problems: Readonly<Record<GrowthCode, string>> = {
  ScaleUp: 'is adding VMs',
  BelowMax: 'can add VMs',
  MaxReached: 'cannot add VMs: there are as many as there may be',
  Backoff: 'cannot add VMs: the provider failed, and it waits before it tries again',
  InProgressTooLong: 'has asked for VMs that do not come',
  Unhealthy: 'has stopped adding VMs: too many nodes are not Ready',
  LaunchFailing: 'cannot launch VMs',
  NoPoolReady: 'cannot add VMs: no NodePool is ready',
  Stale: 'has stopped telling how it stands',
  Unreadable: 'tells something that cannot be read',
};

const raise =
  'That is what bursts are for. For more VMs, raise the maximum (AKS: az aks nodepool update --update-cluster-autoscaler --max-count <count>; Karpenter: spec.limits of the NodePool).';
const quota =
  "Look at the provider's quota for this VM size and region (AKS: az vm list-usage --location <region>).";
const statusOfAutoscaler = 'kubectl -n kube-system get configmap cluster-autoscaler-status -o yaml';
const karpenterObjects = 'kubectl describe nodepools,nodeclaims';

const remedies: Readonly<Record<GrowthCode, string>> = {
  ScaleUp: '',
  BelowMax: '',
  MaxReached: raise,
  Backoff: `${quota}\n${statusOfAutoscaler}`,
  InProgressTooLong: `${quota}\nkubectl get events -A --field-selector reason=FailedToScaleUpGroup`,
  Unhealthy: 'kubectl get nodes',
  LaunchFailing: `${quota}\n${karpenterObjects}`,
  NoPoolReady: karpenterObjects,
  Stale: `Look whether cluster-autoscaler runs. ${statusOfAutoscaler}`,
  Unreadable: statusOfAutoscaler,
};
