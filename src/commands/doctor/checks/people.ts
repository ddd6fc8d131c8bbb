import { ok, skipped, warn } from '../finding.ts';
import type { Check } from '../look.ts';

const id = 'roles';
const roles = ['spillway-burstpolicies-view', 'spillway-burstpolicies-edit'] as const;

/** Whether people who may view or edit a namespace may do so with its policies: two roles that are aggregated into theirs. */
export const checkPeople: Check = async ({ reader }) => {
  const base = '/apis/rbac.authorization.k8s.io/v1/clusterroles';
  const reads = await Promise.all(roles.map((role) => reader.get(`${base}/${role}`)));
  const unread = reads.find((read) => read.state === 'unread');
  if (unread?.state === 'unread') return [skipped(id, unread.why)];
  const missing = roles.filter((_, index) => reads[index]?.state === 'absent');
  if (missing.length === 0) {
    return [ok(id, 'Whoever may view, edit or administer a namespace may do so with its policies.')];
  }
  return [
    warn(
      id,
      `The ClusterRole ${missing.join(' and ')} is missing: only cluster administrators may read and write policies.`,
      'kubectl apply -f charts/spillway/files/aggregated-roles.yaml',
    ),
  ];
};
