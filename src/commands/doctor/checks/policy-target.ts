import { admits } from '../../../decide/admits.ts';
import { count } from '../../../decide/words.ts';
import { sentence } from '../../../errors.ts';
import { isVirtual } from '../../../cluster/virtual-nodes.ts';
import type { BurstPolicy } from '../../../policy/schema.ts';
import { type Found, fail, ok, skipped, warn } from '../finding.ts';
import type { LookedPolicy, PolicyCheck } from '../look.ts';

const id = 'policy.target';

/** Whether the target is there, is this policy's alone, and could run on VMs. */
export const checkTarget: PolicyCheck = async (about) => {
  const { policy, target, look } = about;
  const kind =
    policy.target.kind === 'Deployment'
      ? 'deployments'
      : policy.target.kind === 'StatefulSet'
        ? 'statefulsets'
        : 'jobs';
  const unread = look.unread.get(kind);
  if (unread !== undefined) return [skipped(id, unread)];
  if (target === undefined || policy.target.kind === 'Jobs') return [absentOrJobs(about)];
  const { name } = policy.target;
  const words = `${policy.target.kind} ${name}`;
  if (policy.target.kind === 'StatefulSet' && policy.scaling !== undefined) {
    return [fail(id, `The target is ${words}.`, sentence('TARGET_STATEFULSET_SCALING'))];
  }
  if (policy.target.kind === 'StatefulSet' && policy.burst.strategy === 'Companion') {
    return [
      fail(id, `The target is ${words}, of which no companion can be made.`, 'Write burst.strategy: Rescue.'),
    ];
  }
  const older = olderWithSameTarget(about);
  return [
    older === undefined
      ? ok(id, `The target ${words} is there and asks for ${count(target.replicas)} replicas.`)
      : fail(
          id,
          `The older policy ${older} has the same target, so this one does nothing.`,
          'Keep one policy a target.',
        ),
    ...vmNodes(about),
    ...refused(about),
    ...(await priorityClass(about)),
  ];
};

function absentOrJobs({ policy, target }: LookedPolicy): Found {
  const { target: named, namespace } = policy;
  if (named.kind !== 'Jobs') {
    const message = sentence('TARGET_NOT_FOUND', { kind: named.kind, name: named.name });
    return fail(
      id,
      `The target ${named.kind} ${named.name} is not there.`,
      `${message}\nkubectl get deployments,statefulsets -n ${namespace}`,
    );
  }
  const labels = Object.entries(named.matchLabels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  const jobs = target?.jobs.length ?? 0;
  return jobs > 0
    ? ok(id, `${count(jobs)} unfinished Jobs with ${labels} are there.`)
    : skipped(
        id,
        `There is no unfinished Job with ${labels} now.`,
        `kubectl get jobs -n ${namespace} -l ${labels}`,
      );
}

function olderWithSameTarget({ object, look }: LookedPolicy): string | undefined {
  const { targetRef } = object.spec;
  const before = (a: BurstPolicy, b: BurstPolicy): boolean => {
    const [one = '', other = ''] = [a.metadata.creationTimestamp, b.metadata.creationTimestamp];
    return one === other ? (a.metadata.uid ?? '') < (b.metadata.uid ?? '') : one < other;
  };
  const others = [...look.store.policies.values()].map(({ raw }) => raw as BurstPolicy);
  const older = others.find(
    (other) =>
      other.metadata.namespace === object.metadata.namespace &&
      other.metadata.uid !== object.metadata.uid &&
      other.spec.targetRef?.kind === targetRef?.kind &&
      other.spec.targetRef?.name === targetRef?.name &&
      before(other, object),
  );
  return older?.metadata.name;
}

/** A template that no VM admits would burst all of its replicas for ever. */
function vmNodes({ policy, shape, look }: LookedPolicy): readonly Found[] {
  if (shape === undefined || look.unread.has('nodes')) return [];
  const vms = [...look.store.nodes.values()].filter((node) => !isVirtual(node, look.config.virtualPools));
  if (vms.some((node) => admits(shape, node.nodeClass))) return [];
  const what = `Labels and taints of no VM node (of ${count(vms.length)}) let its pods on.`;
  const remedy =
    'Mend node selector, required affinity and tolerations of the template; or write burst.withoutVmNodes: Allow, if it is meant for the virtual node alone.';
  return [
    policy.burst.withoutVmNodes === 'Allow'
      ? warn('policy.vm-nodes', what, remedy)
      : fail('policy.vm-nodes', what, remedy),
  ];
}

/** Pods that the API server does not let come to be. */
function refused({ target, policy }: LookedPolicy): readonly Found[] {
  const refusal = target?.workload?.refusal;
  if (refusal === undefined) return [];
  const why =
    refusal.quota === undefined ? 'refused by the API server' : `refused by ResourceQuota ${refusal.quota}`;
  return [
    warn(
      'policy.pods-refused',
      `Pods of the target are ${why}.`,
      `kubectl describe quota -n ${policy.namespace}\nkubectl get events -n ${policy.namespace} --field-selector reason=FailedCreate`,
    ),
  ];
}

async function priorityClass({ target, look }: LookedPolicy): Promise<readonly Found[]> {
  const name = target?.template.spec?.priorityClassName;
  if (name === undefined || name === '') return [];
  const read = await look.reader.get(
    `/apis/scheduling.k8s.io/v1/priorityclasses/${encodeURIComponent(name)}`,
  );
  if (read.state !== 'absent') return [];
  return [
    fail(
      'policy.priority-class',
      `The template names the PriorityClass ${name}, which is not there: no pod of it can be made.`,
      'Create it, or take priorityClassName out of the template.',
    ),
  ];
}
