import { designCompanion } from '../../companion.ts';
import type { Check } from '../check.ts';
import { askedBy, groupOf, limitsAbove } from '../group-size.ts';
import { isAzureRegistry, isPublicRegistry, registryOf } from '../registry.ts';
import type { groupRules } from '../rules/group.ts';
import {
  containersThat,
  type Hit,
  hitIf,
  items,
  type PlacedContainer,
  type TemplateView,
} from '../template-view.ts';

/** The largest group of Container Instances (Azure: quotas of Container Instances, 2025-11). */
const largestAzureGroup = { cpu: 31, memoryGb: 240 } as const;
const mostContainers = 60;
const longestGroupName = 63;
/** A ReplicaSet's hash and its pod's, with their hyphens. */
const podSuffixLength = 17;

/** Labels that ask for an Azure identity: workload identity, and pod identity before it. */
const identityLabels = ['azure.workload.identity/use', 'aadpodidbinding'] as const;

/** Of the rules in rules/group.ts. */
export const groupChecks: Readonly<Record<keyof typeof groupRules, Check>> = {
  TEMPLATE_TOO_LARGE: ({ view, pool }) => {
    const largest = pool.largestGroup ?? (pool.kind === 'Generic' ? undefined : largestAzureGroup);
    if (largest === undefined) return [];
    const { cpuHundredths, memoryTenthsOfGb } = groupOf(view.main.map(({ container }) => container));
    const [cpu, memoryGb] = [cpuHundredths / 100, memoryTenthsOfGb / 10];
    const at = ['spec', 'containers'];
    return [
      ...hitIf(cpu > largest.cpu, at, `${cpu} vCPU where ${largest.cpu} are the most`),
      ...hitIf(
        memoryGb > largest.memoryGb,
        at,
        `${memoryGb} GB of memory where ${largest.memoryGb} are the most`,
      ),
    ];
  },
  TEMPLATE_GPU: ({ view }) => extendedResources(view).filter(({ what }) => isGpu(what)),
  TEMPLATE_EXTENDED_RESOURCE: ({ view }) => [
    ...extendedResources(view).filter(({ what }) => !isGpu(what)),
    ...items(view.spec.resourceClaims).map(({ name }, index) => ({
      at: ['spec', 'resourceClaims', index],
      what: `the resource claim ${name}`,
    })),
  ],
  TEMPLATE_EPHEMERAL_STORAGE: ({ view }) =>
    containersThat(view.containers, 'resources', ({ resources }) =>
      [resources?.requests, resources?.limits].some((list) => list?.['ephemeral-storage'] !== undefined),
    ),
  TEMPLATE_LIMITS: ({ view }) => {
    const group = groupOf(view.main.map(({ container }) => container));
    return containersThat(view.main, 'resources', (container) => limitsAbove(container, group).length > 0);
  },
  TEMPLATE_REQUESTS: ({ view }) =>
    containersThat(view.main, 'resources', ({ resources }) => {
      const { cpu, memory } = askedBy(resources);
      return cpu === undefined || memory === undefined;
    }),
  TEMPLATE_CONTAINERS: ({ view: { containers } }) =>
    hitIf(containers.length > mostContainers, ['spec', 'containers'], String(containers.length)),
  TEMPLATE_GROUP_NAME: ({ workload }) => {
    if (workload?.kind !== 'Deployment') return [];
    const { name } = designCompanion({ ...workload, uid: '' }, {});
    const length = workload.namespace.length + 1 + name.length + podSuffixLength;
    return hitIf(length > longestGroupName, [], String(length));
  },
  TEMPLATE_WORKLOAD_IDENTITY: ({ view: { labels } }) =>
    identityLabels
      .filter((label) => label in labels && labels[label] !== 'false')
      .map((label) => ({ at: ['metadata', 'labels', label], what: `label ${label}` })),
  TEMPLATE_REGISTRY_ACR: ({ view }) => withoutPullSecrets(view, isAzureRegistry),
  TEMPLATE_REGISTRY: ({ view }) =>
    withoutPullSecrets(view, (registry) => !isPublicRegistry(registry) && !isAzureRegistry(registry)),
  TEMPLATE_API_TOKEN: ({ view: { spec } }) => hitIf(spec.automountServiceAccountToken !== false, ['spec']),
};

/** What a VM node may offer beside cpu, memory and disk: devices, huge pages. */
function extendedResources({ containers }: TemplateView): readonly Hit[] {
  return containers.flatMap(({ container, at }) => {
    const { cpu: _, memory: __, 'ephemeral-storage': ___, ...others } = askedBy(container.resources);
    return Object.keys(others).map((what) => ({ at: [...at, 'resources'], what }));
  });
}

function isGpu(resource: string): boolean {
  return /gpu|^nvidia\.com\//.test(resource);
}

function withoutPullSecrets(
  { spec, containers }: TemplateView,
  needsLogin: (registry: string) => boolean,
): readonly Hit[] {
  if (items(spec.imagePullSecrets).length > 0) return [];
  const isPulledFrom = ({ image }: PlacedContainer['container']): boolean =>
    typeof image === 'string' && needsLogin(registryOf(image));
  return containersThat(containers, 'image', isPulledFrom);
}
