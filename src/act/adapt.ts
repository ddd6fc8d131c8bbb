import type { V1PodSpec, V1PodTemplateSpec } from '@kubernetes/client-node';
import type { VirtualPool } from '../config.ts';
import { tolerates } from '../decide/admits.ts';
import type { Refusal } from '../decide/observation.ts';
import { sentence } from '../errors.ts';

/** The template as burst pods use it, or why they cannot. */
export type Adapted =
  | { readonly template: V1PodTemplateSpec; readonly refusals: readonly [] }
  | { readonly template: undefined; readonly refusals: readonly Refusal[] };

/**
 * Adapts a pod template to a virtual pool. Pinned by the pool's selector instead of the template's own; what keeps
 * pods apart by node or zone is dropped, because a virtual node is one node without zones and all burst pods share
 * it. What would fail there or run wrongly is refused with a sentence.
 */
export function adapt(template: V1PodTemplateSpec, pool: VirtualPool): Adapted {
  const refusals = refusalsOf(template.spec, pool);
  if (refusals.length > 0 || template.spec === undefined) return { template: undefined, refusals };
  const { affinity: _, topologySpreadConstraints: __, nodeSelector: ___, ...kept } = template.spec;
  return {
    refusals: [],
    template: {
      ...(template.metadata === undefined
        ? {}
        : {
            metadata: {
              ...(template.metadata.labels === undefined ? {} : { labels: template.metadata.labels }),
              ...(template.metadata.annotations === undefined
                ? {}
                : { annotations: template.metadata.annotations }),
            },
          }),
      spec: {
        ...kept,
        nodeSelector: { ...pool.nodeSelector },
        tolerations: tolerationsFor(template.spec, pool),
      },
    },
  };
}

/** Whether the template's own selector already asks for the virtual pool: then there is no VM pool to spill from. */
export function isPinned(spec: V1PodSpec, pool: VirtualPool): boolean {
  const asked = Object.entries(pool.nodeSelector);
  const selected = asked.length > 0 && asked.every(([key, value]) => spec.nodeSelector?.[key] === value);
  const terms =
    spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const required =
    terms.length > 0 &&
    terms.every((term) =>
      asked.every(([key, value]) =>
        term.matchExpressions?.some(
          (expression) =>
            expression.key === key &&
            expression.operator === 'In' &&
            expression.values?.every((one) => one === value) === true,
        ),
      ),
    );
  return selected || required;
}

/** Volumes that the ACI provider cannot mount; a pod with one fails there (azure-aci, `Volumes`). */
const unmountable = ['persistentVolumeClaim', 'hostPath', 'downwardAPI', 'ephemeral'] as const;

function refusalsOf(spec: V1PodSpec | undefined, pool: VirtualPool): readonly Refusal[] {
  if (spec === undefined) return [];
  const azure = pool.kind !== 'Generic';
  const volumes = (spec.volumes ?? []).filter(
    (volume) => azure && unmountable.some((kind) => volume[kind] !== undefined),
  );
  const refusals: (Refusal | false)[] = [
    isPinned(spec, pool) && refusal('TEMPLATE_PINNED', { pool: pool.name }),
    spec.nodeName !== undefined &&
      spec.nodeName !== '' &&
      refusal('TEMPLATE_NODE_NAME', { node: spec.nodeName }),
    (spec.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.length ?? 0) > 0 &&
      refusal('TEMPLATE_POD_AFFINITY', {}),
    volumes.length > 0 &&
      refusal('TEMPLATE_VOLUME', { volumes: volumes.map((volume) => volume.name).join(', ') }),
  ];
  return refusals.filter((one): one is Refusal => one !== false);
}

type RefusalCode = 'TEMPLATE_PINNED' | 'TEMPLATE_NODE_NAME' | 'TEMPLATE_POD_AFFINITY' | 'TEMPLATE_VOLUME';

function refusal(code: RefusalCode, details: Record<string, string>): Refusal {
  return { code, message: sentence(code, details) };
}

function tolerationsFor(spec: V1PodSpec, pool: VirtualPool): NonNullable<V1PodSpec['tolerations']> {
  const own = spec.tolerations ?? [];
  const known = own.map((toleration) => ({
    key: toleration.key,
    operator: toleration.operator === 'Exists' ? ('Exists' as const) : ('Equal' as const),
    value: toleration.value,
    effect: toleration.effect,
  }));
  const missing = pool.tolerations.filter(
    (wanted) =>
      !tolerates(known, {
        key: wanted.key,
        value: wanted.value ?? '',
        effect: wanted.effect ?? 'NoSchedule',
      }),
  );
  return [
    ...own,
    ...missing.map((wanted) => ({
      key: wanted.key,
      operator: wanted.operator,
      ...(wanted.value === undefined ? {} : { value: wanted.value }),
      ...(wanted.effect === undefined ? {} : { effect: wanted.effect }),
    })),
  ];
}
