import { isActive, isReady, isTrue, withCondition } from './conditions.ts';
import { type Ends, JobTally } from './job-tally.ts';
import type { Job, Pod } from './kube.ts';
import { makePod } from './pod-maker.ts';
import { createReconciler } from './reconciler.ts';
import { controllerOf } from './selectors.ts';
import { timeMs, timeText } from './time.ts';
import type { Stage } from './types.ts';

const latencyMs = 10;
/** After a failure the next pod comes 10 s later, doubled up to 10 min (kubernetes.io, Jobs). */
const backoffMs = 10_000;
const longestBackoffMs = 600_000;

/** The Job controller: parallelism, completions, suspension, backoff and its limit, time to live. Not indexed. */
export function startJobs(stage: Stage): void {
  const { objects } = stage;
  const tally = new JobTally();

  const reconcile = (key: string): void => {
    const job = objects.get('jobs', key);
    if (job === undefined) return;
    if (isFinished(job)) {
      expire(key, job);
      return;
    }
    const pods = objects.ownedBy('pods', job.metadata.uid);
    const active = pods.filter(isActive);
    const ends = tally.of(job.metadata.uid);
    const succeeded = ends.succeeded.size;
    const { backoffLimit = 6, suspend = false } = job.spec;
    const enough = job.spec.completions ?? (succeeded > 0 ? succeeded : undefined);
    if (ends.failedAtMs.size > backoffLimit) {
      finish(job, active, 'Failed', 'BackoffLimitExceeded');
    } else if (
      enough !== undefined &&
      succeeded >= enough &&
      (job.spec.completions !== undefined || active.length === 0)
    ) {
      finish(job, active, 'Complete', 'CompletionsReached');
    } else if (job.metadata.deletionTimestamp === undefined) {
      adjust(key, job, active, ends, suspend ? 0 : wantedActive(job, succeeded));
    }
    tell(key);
  };

  const adjust = (key: string, job: Job, active: readonly Pod[], ends: Ends, wanted: number): void => {
    if (active.length > wanted) {
      const youngest = active.toReversed().sort((a, b) => Number(isReady(a)) - Number(isReady(b)));
      const surplus = youngest.slice(0, active.length - wanted);
      for (const pod of surplus) tally.takesAway(pod);
      remove(surplus);
      return;
    }
    if (active.length === wanted) return;
    const restMs = backoffRestMs(ends);
    if (restMs > 0) {
      queue.add(key, restMs);
      return;
    }
    const { uid, name } = job.metadata;
    for (let made = active.length; made < wanted; made += 1) {
      makePod(objects, job, job.spec.template, { 'controller-uid': uid, 'job-name': name });
    }
  };

  const backoffRestMs = ({ failedAtMs }: Ends): number => {
    if (failedAtMs.size === 0) return 0;
    const waitMs = Math.min(longestBackoffMs, backoffMs * 2 ** Math.min(10, failedAtMs.size - 1));
    return Math.max(...failedAtMs.values()) + waitMs - stage.now();
  };

  const remove = (pods: readonly Pod[]): void => {
    for (const { metadata } of pods) objects.delete('pods', `${metadata.namespace ?? ''}/${metadata.name}`);
  };

  const finish = (job: Job, active: readonly Pod[], type: 'Complete' | 'Failed', reason: string): void => {
    remove(active);
    const { namespace = '', name } = job.metadata;
    objects.updateStatus('jobs', {
      metadata: { name, namespace },
      status: {
        ...job.status,
        ...(type === 'Complete' ? { completionTime: timeText(stage.now()) } : {}),
        conditions: withCondition(job.status.conditions, { type, status: 'True', reason }, stage.now()),
      },
    });
  };

  const expire = (key: string, job: Job): void => {
    const ttlSeconds = job.spec.ttlSecondsAfterFinished;
    if (ttlSeconds === undefined || job.metadata.deletionTimestamp !== undefined) return;
    const end = job.status.conditions?.find(({ type, status }) => type !== 'Suspended' && status === 'True');
    const restMs = (timeMs(end?.lastTransitionTime) ?? stage.now()) + ttlSeconds * 1000 - stage.now();
    if (restMs <= 0) objects.delete('jobs', key, { propagationPolicy: 'Foreground' });
    else queue.add(key, restMs);
  };

  const tell = (key: string): void => {
    const job = objects.get('jobs', key);
    if (job === undefined) return;
    const pods = objects.ownedBy('pods', job.metadata.uid);
    const active = pods.filter(isActive);
    const ends = tally.of(job.metadata.uid);
    const { suspend = false } = job.spec;
    const { startTime: _, ...status } = job.status;
    const startTime = suspend ? undefined : (job.status.startTime ?? timeText(stage.now()));
    const suspended = suspend || job.status.conditions?.some(({ type }) => type === 'Suspended') === true;
    objects.updateStatus('jobs', {
      metadata: { name: job.metadata.name, namespace: job.metadata.namespace ?? '' },
      status: {
        ...status,
        ...(startTime === undefined ? {} : { startTime }),
        active: active.length,
        ready: active.filter(isReady).length,
        succeeded: ends.succeeded.size,
        failed: ends.failedAtMs.size,
        terminating: pods.filter(({ metadata }) => metadata.deletionTimestamp !== undefined).length,
        ...(suspended
          ? {
              conditions: withCondition(
                status.conditions,
                {
                  type: 'Suspended',
                  status: suspend ? 'True' : 'False',
                  reason: suspend ? 'JobSuspended' : 'JobResumed',
                },
                stage.now(),
              ),
            }
          : {}),
      },
    });
  };

  const queue = createReconciler(stage, latencyMs, reconcile);
  objects.onChange(({ type, resource, key, object }) => {
    if (resource === 'jobs') {
      if (type === 'DELETED') tally.forget(object.metadata.uid);
      else queue.add(key);
    }
    if (resource !== 'pods') return;
    const owner = controllerOf(object);
    if (owner?.kind !== 'Job') return;
    const job = `${object.metadata.namespace ?? ''}/${owner.name}`;
    // What is left of a Job that is gone is nobody's.
    if (objects.get('jobs', job)?.metadata.uid !== owner.uid) return;
    tally.saw(owner.uid, object as Pod, type === 'DELETED', stage.now());
    queue.add(job);
  });
}

/** Pods that should run now. Without completions (a work queue) no new ones once one has succeeded. */
function wantedActive({ spec }: Job, succeeded: number): number {
  const parallelism = spec.parallelism ?? 1;
  if (spec.completions === undefined) return succeeded > 0 ? 0 : parallelism;
  return Math.min(parallelism, spec.completions - succeeded);
}

function isFinished({ status }: Job): boolean {
  return isTrue(status.conditions, 'Complete') || isTrue(status.conditions, 'Failed');
}
