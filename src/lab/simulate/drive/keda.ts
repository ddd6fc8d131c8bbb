import type { Queue, World } from '../../world/types.ts';

export interface KedaOptions {
  readonly world: World;
  readonly queue: Queue;
  /** `namespace/name` of the Deployment. */
  readonly targetKey: string;
  readonly minReplicas: number;
  readonly pollingMs: number;
  readonly cooldownMs: number;
  /** More waiting jobs than this make the scaler active. */
  readonly activationBacklog: number;
}

/**
 * KEDA's own part of scaling: from nothing to one (or the minimum) when a poll finds the scaler active, and back to
 * nothing after it was inactive for the cooldown; between one and the maximum the HPA that it made steps
 * (keda.sh/docs, "ScaledObject specification", pollingInterval and cooldownPeriod).
 */
export function startKeda(options: KedaOptions): void {
  const { world, queue, targetKey, minReplicas, pollingMs, cooldownMs, activationBacklog } = options;
  const { objects } = world;
  let activeAtMs = world.now();
  const scale = (replicas: number): void => {
    const target = objects.get('deployments', targetKey);
    if (target === undefined) return;
    objects.update('deployments', { ...target, spec: { ...target.spec, replicas } });
  };
  const poll = (): void => {
    const nowMs = world.now();
    const replicas = objects.get('deployments', targetKey)?.spec.replicas ?? 0;
    const active = queue.sample().backlog > activationBacklog;
    if (active) activeAtMs = nowMs;
    if (active && replicas === 0) scale(Math.max(1, minReplicas));
    else if (!active && minReplicas === 0 && replicas > 0 && nowMs - activeAtMs >= cooldownMs) scale(0);
    world.schedule(nowMs + pollingMs, poll);
  };
  world.schedule(world.now() + pollingMs, poll);
}
