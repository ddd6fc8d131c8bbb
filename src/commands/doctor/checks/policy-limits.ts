import { quotaLeft } from '../../../cluster/quota.ts';
import { count } from '../../../decide/words.ts';
import { type Found, fail, ok, skipped, warn } from '../finding.ts';
import type { LookedPolicy, PolicyCheck } from '../look.ts';

/** Whether budgets have prices to count with, and whether the namespace has room for burst pods. */
export const checkLimits: PolicyCheck = async (about) => [...budget(about), ...namespaceQuota(about)];

function budget({ policy, look }: LookedPolicy): readonly Found[] {
  const own = policy.burst.budget;
  const { budget: cluster } = look.config;
  const fields = [
    ...(own.maxRatePerHour === undefined ? [] : ['burst.budget.maxRatePerHour']),
    ...(own.maxSpendPerDay === undefined ? [] : ['burst.budget.maxSpendPerDay']),
    ...(cluster.maxRatePerHour === undefined ? [] : ['budget.maxRatePerHour of the configuration']),
    ...(cluster.maxSpendPerDay === undefined ? [] : ['budget.maxSpendPerDay of the configuration']),
  ];
  if (fields.length === 0) return [];
  const { pool } = look;
  if (pool?.price !== undefined)
    return [ok('policy.budget', `${fields.join(', ')} are counted by the prices of pool ${pool.name}.`)];
  return [
    fail(
      'policy.budget',
      `${fields.join(', ')}: the virtual pool ${pool?.name ?? ''} has no price, so no budget limits anything.`,
      'Write price: { perCpuHour: …, perMemoryGbHour: … } for the pool under virtualPools, and name that file with --config (docs/configuration.md).',
    ),
  ];
}

/** Rescued pods are there already; companions' pods have to be admitted. */
function namespaceQuota({ policy, shape, look }: LookedPolicy): readonly Found[] {
  const id = 'policy.namespace-quota';
  if (policy.burst.strategy === 'Rescue' || shape === undefined) return [];
  const unread = look.unread.get('resourcequotas');
  if (unread !== undefined) return [skipped(id, unread)];
  const left = quotaLeft(look.store.resourcequotas.by('namespace', policy.namespace), shape);
  if (left === undefined) return [ok(id, 'No ResourceQuota of the namespace counts its pods.')];
  const { maxReplicas } = policy.burst;
  const room = `ResourceQuota ${left.quota} admits ${count(left.pods)} more of its pods`;
  if (left.pods >= maxReplicas) return [ok(id, `${room}.`)];
  const found = left.pods === 0 ? fail : warn;
  return [
    found(
      id,
      `${room}, and burst.maxReplicas is ${count(maxReplicas)}.`,
      `Raise the quota: kubectl edit resourcequota ${left.quota} -n ${policy.namespace}`,
    ),
  ];
}
