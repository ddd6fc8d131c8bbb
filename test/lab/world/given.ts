import { constant } from '../../../src/lab/world/distribution.ts';
import type { KubeInput, Pod } from '../../../src/lab/world/kube.ts';
import type { Scenario, VmPool, World } from '../../../src/lab/world/types.ts';
import { createWorld } from '../../../src/lab/world/world.ts';

export const startMs = Date.UTC(2026, 0, 1);

/** Pods start at once, so that a test is about something else. */
export const quick: Pick<Scenario, 'kubelet'> = {
  kubelet: { startMs: constant(0), pullMs: constant(0) },
};

export function pool(more: Partial<VmPool> = {}): VmPool {
  return { name: 'vm', nodes: 2, cpu: '4', memory: '16Gi', bootMs: constant(60_000), ...more };
}

export function world(scenario: Partial<Scenario> = {}, seed: string | number = 1): World {
  return createWorld({ seed, startMs, scenario: { pools: [pool()], ...quick, ...scenario } });
}

export function template(more: Partial<{ cpu: string; labels: Record<string, string>; spec: object }> = {}) {
  const { cpu = '1', labels = { app: 'worker' }, spec = {} } = more;
  return {
    metadata: { labels },
    spec: {
      containers: [{ name: 'worker', image: 'worker:1', resources: { requests: { cpu, memory: '1Gi' } } }],
      ...spec,
    },
  };
}

export function deployment(
  replicas: number,
  more: Partial<{
    name: string;
    cpu: string;
    labels: Record<string, string>;
    spec: object;
    pod: object;
  }> = {},
): { readonly resource: string; readonly object: KubeInput } {
  const { name = 'worker', spec = {}, pod = {}, cpu, labels = { app: name } } = more;
  return {
    resource: 'deployments',
    object: {
      metadata: { name, namespace: 'media' },
      spec: {
        replicas,
        selector: { matchLabels: labels },
        template: template({ labels, spec: pod, ...(cpu === undefined ? {} : { cpu }) }),
        ...spec,
      },
    },
  };
}

/** The template pinned to the virtual node, as companions are. */
export const onVirtualNode = {
  nodeSelector: { type: 'virtual-kubelet' },
  tolerations: [{ key: 'virtual-kubelet.io/provider', operator: 'Exists', effect: 'NoSchedule' }],
};

export function scale(world: World, replicas: number, key = 'media/worker'): void {
  const stored = world.objects.get('deployments', key);
  if (stored === undefined) throw new Error(`no deployment ${key}`);
  world.objects.update('deployments', { ...stored, spec: { ...stored.spec, replicas } });
}

/** Runs the world so many seconds further. */
export function run(world: World, seconds: number): void {
  world.runUntil(world.now() + seconds * 1000);
}

export function pods(world: World): readonly Pod[] {
  return world.objects.list('pods');
}

export function bound(world: World): readonly Pod[] {
  return pods(world).filter(({ spec }) => spec.nodeName !== undefined);
}

export function ready(world: World): readonly Pod[] {
  return pods(world).filter(
    ({ status }) =>
      status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true,
  );
}

export function unschedulable(world: World): readonly Pod[] {
  return pods(world).filter(
    ({ status }) => status.conditions?.some(({ reason }) => reason === 'Unschedulable') === true,
  );
}

/** Everything that the world holds, as text. */
export function dump(world: World): string {
  return JSON.stringify(
    world.objects.resources().map((resource) => [resource, world.objects.list(resource)]),
  );
}
