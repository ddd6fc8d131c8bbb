import { designCompanion } from '../../../../src/act/companion.ts';
import { type DrainNote, drainCosts } from '../../../../src/act/drain-note.ts';
import type { StandingPod } from '../../../../src/act/drain-order.ts';
import type { PodWork } from '../../../../src/act/drain-work.ts';
import { startMs } from '../../decide/given.ts';

export const template = {
  metadata: { labels: { app: 'thumbnails' } },
  spec: { containers: [{ name: 'worker', image: 'worker:1' }] },
};

export const target = {
  name: 'thumbnail-worker',
  namespace: 'media',
  uid: 'target-uid',
  resourceVersion: '7',
  replicas: 12,
  live: [],
};

export const design = designCompanion(target, template);

/** A ready pod that nobody has chosen, with a worker that reports: idle unless told. */
export function pod(
  name: string,
  more: Partial<Omit<StandingPod, 'name' | 'work'>> & Partial<PodWork> = {},
): StandingPod {
  const { busyJobs = 0, told = 'working', reports = true, ...rest } = more;
  return {
    name,
    resourceVersion: '3',
    set: 'set',
    bound: true,
    phase: 'Running',
    ready: true,
    failed: false,
    deletionCost: 0,
    drain: undefined,
    settled: true,
    ...rest,
    work: { busyJobs, told, reports },
  };
}

/** A pod that was chosen to leave so many seconds ago. */
export function leaving(
  stage: DrainNote['stage'],
  name: string,
  more: Parameters<typeof pod>[1] & { readonly secondsAgo?: number } = {},
): StandingPod {
  const { secondsAgo = 5, ...rest } = more;
  return pod(name, {
    drain: { stage, sinceMs: startMs - secondsAgo * 1000 },
    deletionCost: drainCosts[stage],
    told: stage === 'drained' ? 'empty' : 'working',
    ...rest,
  });
}
