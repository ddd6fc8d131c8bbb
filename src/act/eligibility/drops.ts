import type { V1Affinity, V1Container, V1PodSpec, V1ResourceRequirements } from '@kubernetes/client-node';
import type { VirtualPool } from '../../config.ts';
import { isHandler, isUnsupported } from './checks/containers.ts';
import { groupOf, limitsAbove } from './group-size.ts';
import type { DroppableCode } from './rules.ts';

/** Leaves out of a pod's spec what one rule drops; pure, and nothing else changes. */
type Drop = (spec: V1PodSpec, pool: VirtualPool) => V1PodSpec;

/** What each rule that can be set to `drop` leaves out. */
export const drops: Readonly<Record<DroppableCode, Drop>> = {
  TEMPLATE_POD_AFFINITY: (spec) =>
    withAffinity(spec, ({ podAffinity, ...others }) => {
      const preferred = without(podAffinity ?? {}, 'requiredDuringSchedulingIgnoredDuringExecution');
      return isBare(preferred) ? others : { ...others, podAffinity: preferred };
    }),
  TEMPLATE_ANTI_AFFINITY: (spec) => withAffinity(spec, (affinity) => without(affinity, 'podAntiAffinity')),
  TEMPLATE_NODE_AFFINITY: (spec) => withAffinity(spec, (affinity) => without(affinity, 'nodeAffinity')),
  TEMPLATE_SPREAD: (spec) => without(spec, 'topologySpreadConstraints'),
  TEMPLATE_NODE_SELECTOR: ({ nodeSelector, ...spec }, pool) => {
    const own = Object.entries(nodeSelector ?? {}).filter(([key, value]) => pool.nodeSelector[key] === value);
    return own.length === 0 ? spec : { ...spec, nodeSelector: Object.fromEntries(own) };
  },
  TEMPLATE_RUNTIME_CLASS: (spec) => without(spec, 'runtimeClassName'),
  TEMPLATE_HOST_PORT: (spec) =>
    everyContainer(spec, (container) =>
      container.ports === undefined
        ? container
        : { ...container, ports: container.ports.map((port) => without(port, 'hostPort', 'hostIP')) },
    ),
  TEMPLATE_WORKING_DIR: (spec) => everyContainer(spec, (container) => without(container, 'workingDir')),
  TEMPLATE_INIT_RESOURCES: withoutInitExtras,
  TEMPLATE_INIT_TOO_LARGE: withoutInitExtras,
  TEMPLATE_LIFECYCLE: (spec) => everyContainer(spec, (container) => withoutHooks(container, isHandler)),
  TEMPLATE_LIFECYCLE_SLEEP: (spec) =>
    everyContainer(spec, (container) => withoutHooks(container, ({ sleep }) => sleep !== undefined)),
  TEMPLATE_STARTUP_PROBE: withoutStartupProbes,
  TEMPLATE_STARTUP_GUARD: withoutStartupProbes,
  TEMPLATE_PROBE_TYPE: (spec) =>
    mainContainers(spec, ({ livenessProbe, readinessProbe, ...container }) => ({
      ...container,
      ...(livenessProbe === undefined || isUnsupported(livenessProbe) ? {} : { livenessProbe }),
      ...(readinessProbe === undefined || isUnsupported(readinessProbe) ? {} : { readinessProbe }),
    })),
  TEMPLATE_EPHEMERAL_STORAGE: (spec) =>
    everyContainer(spec, (container) =>
      withResources(container, (_, resource) => resource !== 'ephemeral-storage'),
    ),
  TEMPLATE_LIMITS: (spec) => {
    const group = groupOf(spec.containers);
    return mainContainers(spec, (container) => {
      const above: readonly string[] = limitsAbove(container, group);
      return withResources(container, (list, resource) => list !== 'limits' || !above.includes(resource));
    });
  },
};

function withAffinity(spec: V1PodSpec, change: (affinity: V1Affinity) => V1Affinity): V1PodSpec {
  const { affinity, ...others } = spec;
  const changed = change(affinity ?? {});
  return isBare(changed) ? others : { ...others, affinity: changed };
}

function mainContainers(spec: V1PodSpec, change: (container: V1Container) => V1Container): V1PodSpec {
  return { ...spec, containers: spec.containers.map(change) };
}

function everyContainer(spec: V1PodSpec, change: (container: V1Container) => V1Container): V1PodSpec {
  const { initContainers } = spec;
  return {
    ...mainContainers(spec, change),
    ...(initContainers === undefined ? {} : { initContainers: initContainers.map(change) }),
  };
}

function withoutInitExtras(spec: V1PodSpec): V1PodSpec {
  const initContainers = spec.initContainers?.map((container) => {
    return container.restartPolicy === 'Always' ? container : without(container, 'ports', 'resources');
  });
  return initContainers === undefined ? spec : { ...spec, initContainers };
}

function withoutStartupProbes(spec: V1PodSpec): V1PodSpec {
  return mainContainers(spec, (container) => without(container, 'startupProbe'));
}

type Hook = NonNullable<NonNullable<V1Container['lifecycle']>['preStop']>;

function withoutHooks(container: V1Container, goes: (hook: Hook) => boolean): V1Container {
  const { lifecycle, ...others } = container;
  if (lifecycle === undefined) return container;
  const { preStop, postStart, ...rest } = lifecycle;
  const left = {
    ...rest,
    ...(preStop === undefined || goes(preStop) ? {} : { preStop }),
    ...(postStart === undefined || goes(postStart) ? {} : { postStart }),
  };
  return isBare(left) ? others : { ...others, lifecycle: left };
}

/** The container with those of its requests and limits that `stays` keeps. */
function withResources(
  container: V1Container,
  stays: (list: 'requests' | 'limits', resource: string) => boolean,
): V1Container {
  const { resources } = container;
  if (resources === undefined) return container;
  const kept: V1ResourceRequirements = { ...resources };
  for (const list of ['requests', 'limits'] as const) {
    const amounts = resources[list];
    if (amounts === undefined) continue;
    kept[list] = Object.fromEntries(Object.entries(amounts).filter(([resource]) => stays(list, resource)));
  }
  return { ...container, resources: kept };
}

/** The object without some of its optional fields. */
function without<T extends object>(object: T, ...fields: readonly (keyof T)[]): T {
  const left = Object.entries(object).filter(([field]) => !fields.includes(field as keyof T));
  return Object.fromEntries(left) as T;
}

function isBare(object: object): boolean {
  return Object.keys(object).length === 0;
}
