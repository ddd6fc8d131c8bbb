import { names } from '../../../act/names.ts';
import { selects } from '../../../cluster/pod-shape.ts';
import { type Found, ok, warn } from '../finding.ts';
import type { LookedPolicy, PolicyCheck } from '../look.ts';
import type { DisruptionBudget } from '../raw.ts';

const id = 'policy.disruption-budget';

/** What PodDisruptionBudgets mean for burst pods: companions carry the target's labels, rescued pods are given back by eviction. */
export const checkDisruption: PolicyCheck = async (about) => {
  const { policy, target, look } = about;
  const labels = target?.template.metadata?.labels;
  if (target === undefined || labels === undefined) return [];
  const path = `/apis/policy/v1/namespaces/${policy.namespace}/poddisruptionbudgets`;
  const read = await look.reader.list<DisruptionBudget>(path);
  if (read.state !== 'read') return [];
  const selecting = read.value.filter(({ spec }) => selects(spec?.selector, labels));
  if (selecting.length === 0) return [];
  const found =
    policy.burst.strategy === 'Rescue' ? forRescue(selecting, about) : forCompanions(selecting, labels);
  return found.length > 0
    ? found
    : [ok(id, `${listed(selecting)}: neither counts burst pods nor forbids to give them back.`)];
};

function forCompanions(
  budgets: readonly DisruptionBudget[],
  labels: Readonly<Record<string, string>>,
): readonly Found[] {
  const burst = { ...labels, [names.burst]: 'true' };
  const both = budgets.filter(({ spec }) => selects(spec?.selector, burst));
  if (both.length === 0) return [];
  return [
    warn(
      id,
      `${listed(both)} selects burst pods with the pods of the target: burst pods that run let it allow more of the others to be evicted from VMs.`,
      `Leave them out of its selector: matchExpressions: [{ key: ${names.burst}, operator: DoesNotExist }]`,
    ),
  ];
}

function forRescue(budgets: readonly DisruptionBudget[], { policy }: LookedPolicy): readonly Found[] {
  const closed = budgets.filter(({ status }) => status?.disruptionsAllowed === 0);
  if (closed.length === 0 || policy.target.kind !== 'Deployment') return [];
  return [
    warn(
      id,
      `${listed(closed)} forbids evictions now, so rescued pods are not given back to VMs.`,
      'Let the budget allow one disruption, or leave the pods where they are.',
    ),
  ];
}

function listed(budgets: readonly DisruptionBudget[]): string {
  return `PodDisruptionBudget ${budgets.map(({ metadata }) => metadata?.name ?? '').join(', ')}`;
}
