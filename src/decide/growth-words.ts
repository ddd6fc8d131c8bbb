import type { GrowthReason, VmPoolObservation } from './observation.ts';
import { count, counted } from './words.ts';

const names = { 'cluster-autoscaler': 'cluster-autoscaler', karpenter: 'Karpenter' } as const;

/** Whether more VMs can come and why, in one sentence; undefined: no autoscaler tells. */
export function growthSentence({
  growthReason: reason,
}: Pick<VmPoolObservation, 'growthReason'>): string | undefined {
  if (reason === undefined) return undefined;
  const code = reason.errorCode === undefined ? '' : ` (${reason.errorCode})`;
  const who = names[reason.by];
  switch (reason.code) {
    case 'ScaleUp':
      return `${who} is adding VMs${size(reason)}.`;
    case 'BelowMax':
      return `${who} can add VMs${size(reason)}.`;
    case 'MaxReached':
      return `${who} has reached the most VMs it may have${size(reason)}: the VM pool cannot grow.`;
    case 'Backoff':
      return `${who} backs off after a failed scale-up${code}: the VM pool cannot grow for now.`;
    case 'InProgressTooLong':
      return `${who} has been adding VMs for too long and none has come: the VM pool is taken not to grow.`;
    case 'Unhealthy':
      return `${who} finds too many nodes unready and adds no VMs: the VM pool cannot grow for now.`;
    case 'LaunchFailing':
      return `${who} cannot launch VMs${code}: the VM pool cannot grow for now.`;
    case 'NoPoolReady':
      return `${who} has no NodePool that is Ready: the VM pool cannot grow.`;
    case 'Stale':
      return `${who} has not written its status for minutes: whether the VM pool can grow is not known.`;
    case 'Unreadable':
      return `The status of ${who} cannot be read: whether the VM pool can grow is not known.`;
  }
}

function size({ targetNodes, maxNodes }: GrowthReason): string {
  if (targetNodes === undefined) return '';
  return maxNodes === undefined
    ? ` (${counted(targetNodes, 'VM')})`
    : ` (${count(targetNodes)} of at most ${count(maxNodes)})`;
}
