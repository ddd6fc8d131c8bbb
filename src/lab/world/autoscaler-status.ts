import { timeText } from './time.ts';

/** What the autoscaler tells about one node group. */
export interface GroupStatus {
  readonly name: string;
  readonly ready: number;
  /** VMs that are or will be there. */
  readonly target: number;
  readonly minSize: number;
  readonly maxSize: number;
  readonly scaleUp: 'NoActivity' | 'InProgress' | 'Backoff';
  readonly scaleUpSinceMs: number;
  readonly backoff: { readonly errorCode: string; readonly errorMessage: string } | undefined;
  readonly scaleDownCandidates: number;
  readonly scaleDownSinceMs: number;
}

/** The text of `kube-system/cluster-autoscaler-status` as cluster-autoscaler writes it since 1.30. */
export function statusText(groups: readonly GroupStatus[], nowMs: number): string {
  const ready = groups.reduce((sum, each) => sum + each.ready, 0);
  const busy = groups.some(({ scaleUp }) => scaleUp === 'InProgress');
  const lines = [
    `time: ${JSON.stringify(goTime(nowMs))}`,
    'autoscalerStatus: Running',
    'clusterWide:',
    ...health(ready, ready, '  ', []),
    '  scaleUp:',
    `    status: ${busy ? 'InProgress' : 'NoActivity'}`,
    '  scaleDown:',
    '    status: NoCandidates',
    'nodeGroups:',
    ...groups.flatMap(groupLines),
  ];
  return `${lines.join('\n')}\n`;
}

/** A time as Go prints it: `2023-11-24 04:28:19.546000000 +0000 UTC`. */
export function goTime(ms: number): string {
  const text = new Date(ms).toISOString();
  return `${text.slice(0, 10)} ${text.slice(11, 23)}000000 +0000 UTC`;
}

function groupLines(group: GroupStatus): readonly string[] {
  const { name, ready, target, minSize, maxSize, backoff } = group;
  return [
    `- name: ${JSON.stringify(name)}`,
    ...health(ready, target, '  ', [
      `    cloudProviderTarget: ${target}`,
      `    minSize: ${minSize}`,
      `    maxSize: ${maxSize}`,
    ]),
    '  scaleUp:',
    `    status: ${group.scaleUp}`,
    ...(backoff === undefined
      ? []
      : [
          '    backoffInfo:',
          `      errorCode: ${JSON.stringify(backoff.errorCode)}`,
          `      errorMessage: ${JSON.stringify(backoff.errorMessage)}`,
        ]),
    `    lastTransitionTime: "${timeText(group.scaleUpSinceMs)}"`,
    '  scaleDown:',
    `    status: ${group.scaleDownCandidates > 0 ? 'CandidatesPresent' : 'NoCandidates'}`,
    `    candidates: ${group.scaleDownCandidates}`,
    `    lastTransitionTime: "${timeText(group.scaleDownSinceMs)}"`,
  ];
}

function health(ready: number, target: number, indent: string, more: readonly string[]): readonly string[] {
  return [
    `${indent}health:`,
    `${indent}  status: Healthy`,
    `${indent}  nodeCounts:`,
    `${indent}    registered:`,
    `${indent}      total: ${ready}`,
    `${indent}      ready: ${ready}`,
    `${indent}      notStarted: 0`,
    `${indent}    longUnregistered: 0`,
    `${indent}    unregistered: ${Math.max(0, target - ready)}`,
    ...more,
  ];
}
