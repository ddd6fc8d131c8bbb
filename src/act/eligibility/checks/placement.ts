import type { V1NodeSelectorTerm, V1PodSpec } from '@kubernetes/client-node';
import type { VirtualPool } from '../../../config.ts';
import type { Check } from '../check.ts';
import type { placementRules } from '../rules/placement.ts';
import { containersThat, type Hit, hitIf, items, type Place, type TemplateView } from '../template-view.ts';

const affinity: Place = ['spec', 'affinity'];
const architectureLabels = ['kubernetes.io/arch', 'beta.kubernetes.io/arch'];
const systemLabels = ['kubernetes.io/os', 'beta.kubernetes.io/os'];

/** Of the rules in rules/placement.ts. */
export const placementChecks: Readonly<Record<keyof typeof placementRules, Check>> = {
  TEMPLATE_PINNED: ({ view: { spec }, pool }) => hitIf(isPinned(spec, pool), ['spec'], pool.name),
  TEMPLATE_NODE_NAME: ({ view: { spec } }) =>
    hitIf((spec.nodeName ?? '') !== '', ['spec', 'nodeName'], spec.nodeName),
  TEMPLATE_POD_AFFINITY: ({ view: { spec } }) =>
    hitIf(items(spec.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution).length > 0, [
      ...affinity,
      'podAffinity',
    ]),
  TEMPLATE_ANTI_AFFINITY: ({ view: { spec } }) => {
    const terms = [
      ...items(spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
      ...items(spec.affinity?.podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution).map(
        ({ podAffinityTerm }) => podAffinityTerm,
      ),
    ];
    return terms.map(({ topologyKey }) => ({ at: [...affinity, 'podAntiAffinity'], what: topologyKey }));
  },
  TEMPLATE_SPREAD: ({ view: { spec } }) =>
    items(spec.topologySpreadConstraints).map(({ topologyKey }, index) => ({
      at: ['spec', 'topologySpreadConstraints', index],
      what: topologyKey,
    })),
  TEMPLATE_NODE_SELECTOR: ({ view: { spec }, pool }) =>
    Object.entries(spec.nodeSelector ?? {})
      .filter(([key, value]) => pool.nodeSelector[key] !== value)
      .map(([key, value]) => ({ at: ['spec', 'nodeSelector', key], what: `${key}=${value}` })),
  TEMPLATE_NODE_AFFINITY: ({ view: { spec } }) =>
    hitIf((spec.affinity?.nodeAffinity ?? undefined) !== undefined, [...affinity, 'nodeAffinity']),
  TEMPLATE_RUNTIME_CLASS: ({ view: { spec } }) =>
    hitIf((spec.runtimeClassName ?? '') !== '', ['spec', 'runtimeClassName'], spec.runtimeClassName),
  TEMPLATE_WINDOWS: ({ view }) =>
    view.spec.os?.name === 'windows'
      ? [{ at: ['spec', 'os'], what: 'windows' }]
      : askedFor(view, systemLabels).filter(({ what }) => what === 'windows'),
  TEMPLATE_ARCHITECTURE: ({ view }) =>
    [...selectedFrom(view, architectureLabels), ...requiredOther(view)].filter(
      ({ what }) => what !== 'amd64',
    ),
  TEMPLATE_HOST_NAMESPACES: ({ view: { spec } }) =>
    (['hostNetwork', 'hostPID', 'hostIPC'] as const)
      .filter((field) => spec[field] === true)
      .map((field) => ({ at: ['spec', field], what: field })),
  TEMPLATE_HOST_PORT: ({ view: { spec, containers } }) =>
    spec.hostNetwork === true
      ? []
      : containersThat(containers, 'ports', ({ ports }) =>
          items(ports).some(({ hostPort }) => (hostPort ?? 0) !== 0),
        ),
  TEMPLATE_HOST_ALIASES: ({ view: { spec } }) =>
    items(spec.hostAliases).map(({ ip, hostnames }, index) => ({
      at: ['spec', 'hostAliases', index],
      what: hostnames?.[0] ?? ip,
    })),
  TEMPLATE_NETWORK_POLICY: ({ workload }) =>
    (workload?.networkPolicies ?? []).map((what) => ({ at: ['metadata', 'labels'], what })),
  TARGET_RECREATE: ({ workload }) => hitIf(workload?.recreate === true, [], workload?.name),
};

/** Whether the template's own selector already asks for the virtual pool: then there is no VM pool to spill from. */
export function isPinned(spec: V1PodSpec, pool: VirtualPool): boolean {
  const asked = Object.entries(pool.nodeSelector);
  const selected = asked.length > 0 && asked.every(([key, value]) => spec.nodeSelector?.[key] === value);
  const terms = requiredTerms(spec);
  const required =
    asked.length > 0 &&
    terms.length > 0 &&
    terms.every((term) =>
      asked.every(([key, value]) =>
        items(term.matchExpressions).some(
          (expression) =>
            expression.key === key &&
            expression.operator === 'In' &&
            expression.values?.every((one) => one === value) === true,
        ),
      ),
    );
  return selected || required;
}

/** The values of a label that the node selector or the required node affinity asks for. */
function askedFor(view: TemplateView, labels: readonly string[]): readonly Hit[] {
  const required = requiredTerms(view.spec)
    .flatMap((term) => valuesIn(term, labels))
    .map((what) => ({ at: [...affinity, 'nodeAffinity'], what }));
  return [...selectedFrom(view, labels), ...required];
}

function selectedFrom({ spec }: TemplateView, labels: readonly string[]): readonly Hit[] {
  return labels.flatMap((label) => {
    const what = spec.nodeSelector?.[label];
    return what === undefined ? [] : [{ at: ['spec', 'nodeSelector', label], what }];
  });
}

/** The architectures of a required node affinity, when none of its terms, any of which is enough, takes amd64. */
function requiredOther({ spec }: TemplateView): readonly Hit[] {
  const perTerm = requiredTerms(spec).map((term) => valuesIn(term, architectureLabels));
  if (perTerm.some((values) => values.length === 0 || values.includes('amd64'))) return [];
  return perTerm.flat().map((what) => ({ at: [...affinity, 'nodeAffinity'], what }));
}

function valuesIn(term: V1NodeSelectorTerm, labels: readonly string[]): readonly string[] {
  return items(term.matchExpressions)
    .filter(({ key, operator }) => operator === 'In' && labels.includes(key))
    .flatMap(({ values }) => values ?? []);
}

function requiredTerms({ affinity }: V1PodSpec) {
  return items(affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms);
}
