import { withCondition } from './conditions.ts';
import type { Condition, ContainerStatus, Pod, PodStatus } from './kube.ts';
import { timeText } from './time.ts';

/** Status of a pod that a kubelet took on and whose containers do not run yet. */
export function acceptedStatus(pod: Pod, nowMs: number): PodStatus {
  return {
    ...pod.status,
    phase: 'Pending',
    startTime: timeText(nowMs),
    conditions: readiness(pod, 'False', 'ContainersNotReady', nowMs),
    containerStatuses: containers(pod, false, { waiting: { reason: 'ContainerCreating' } }),
  };
}

/** Status of a pod all of whose containers run and are ready. */
export function runningStatus(pod: Pod, podIP: string, nowMs: number): PodStatus {
  return {
    ...pod.status,
    phase: 'Running',
    startTime: pod.status.startTime ?? timeText(nowMs),
    podIP,
    podIPs: [{ ip: podIP }],
    conditions: readiness(pod, 'True', undefined, nowMs),
    containerStatuses: containers(pod, true, { running: { startedAt: timeText(nowMs) } }),
  };
}

/** Status of a pod whose containers ended for good. */
export function endedStatus(
  pod: Pod,
  exitCode: number,
  nowMs: number,
  why: { readonly reason?: string; readonly message?: string } = {},
): PodStatus {
  const at = timeText(nowMs);
  return {
    ...pod.status,
    ...why,
    phase: exitCode === 0 ? 'Succeeded' : 'Failed',
    conditions: readiness(pod, 'False', exitCode === 0 ? 'PodCompleted' : 'PodFailed', nowMs),
    containerStatuses: containers(pod, false, {
      terminated: {
        exitCode,
        reason: why.reason ?? (exitCode === 0 ? 'Completed' : 'Error'),
        startedAt: pod.status.startTime ?? at,
        finishedAt: at,
      },
    }),
  };
}

/** Status of a pod whose containers ended and will be started again by its kubelet. */
export function crashedStatus(pod: Pod, nowMs: number): PodStatus {
  const waiting = containers(pod, false, { waiting: { reason: 'CrashLoopBackOff' } });
  return {
    ...pod.status,
    conditions: readiness(pod, 'False', 'ContainersNotReady', nowMs),
    containerStatuses: waiting.map((each) => ({ ...each, restartCount: each.restartCount + 1 })),
  };
}

/** Status of a pod whose node is out of reach or came back: only its readiness changes. */
export function readyStatus(pod: Pod, ready: boolean, reason: string | undefined, nowMs: number): PodStatus {
  const status = ready ? 'True' : 'False';
  const conditions = withCondition(
    pod.status.conditions,
    reason === undefined ? { type: 'Ready', status } : { type: 'Ready', status, reason },
    nowMs,
  );
  return conditions === pod.status.conditions ? pod.status : { ...pod.status, conditions };
}

function readiness(
  pod: Pod,
  status: 'True' | 'False',
  reason: string | undefined,
  nowMs: number,
): readonly Condition[] {
  const why = reason === undefined ? {} : { reason };
  const initialized = withCondition(pod.status.conditions, { type: 'Initialized', status: 'True' }, nowMs);
  const containersReady = withCondition(initialized, { type: 'ContainersReady', status, ...why }, nowMs);
  return withCondition(containersReady, { type: 'Ready', status, ...why }, nowMs);
}

function containers(
  pod: Pod,
  ready: boolean,
  state: Readonly<Record<string, unknown>>,
): readonly ContainerStatus[] {
  return pod.spec.containers.map(({ name, image = '' }) => {
    const before = pod.status.containerStatuses?.find((each) => each.name === name);
    return {
      name,
      image,
      imageID: '',
      ready,
      started: ready,
      restartCount: before?.restartCount ?? 0,
      state,
      lastState: {},
    };
  });
}
