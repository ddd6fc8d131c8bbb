import type { V1PodSpec, V1PodTemplateSpec } from '@kubernetes/client-node';
import type { VirtualPool } from '../config.ts';
import { tolerates } from '../decide/admits.ts';
import type { Refusal } from '../decide/observation.ts';
import type { Workload } from './eligibility/check.ts';
import { drops } from './eligibility/drops.ts';
import { type Finding, judge, refusalOf } from './eligibility/judge.ts';
import { isDroppable, type RuleCode } from './eligibility/rules.ts';

/** The template as burst pods use it, or why they cannot. */
export type Adapted = (
  | { readonly template: V1PodTemplateSpec; readonly refusals: readonly [] }
  | { readonly template: undefined; readonly refusals: readonly Refusal[] }
) & {
  /** What is different on the pool and bursts all the same. */
  readonly warnings: readonly Refusal[];
  /** What was left out. */
  readonly dropped: readonly Refusal[];
};

/**
 * Adapts a pod template to a virtual pool, by the table of rules (docs/eligibility.md): what would fail there or run
 * wrongly is refused with a sentence; what burst pods do without is left out; the rest is kept as it is, pinned by
 * the pool's selector. Equal input gives equal output. `workload` is whose template it is.
 */
export function adapt(template: V1PodTemplateSpec, pool: VirtualPool, workload?: Workload): Adapted {
  const { findings, left } = settle(template, pool, workload);
  const told = (severity: Finding['severity']): readonly Refusal[] =>
    findings.filter((finding) => finding.severity === severity).map(refusalOf);
  const [refusals, warnings, dropped] = [told('refuse'), told('warn'), told('drop')];
  const { metadata, spec } = left;
  if (refusals.length > 0 || spec === undefined) return { template: undefined, refusals, warnings, dropped };
  return {
    refusals: [],
    warnings,
    dropped,
    template: {
      ...(metadata === undefined ? {} : { metadata: ownMetadata(metadata) }),
      spec: {
        ...spec,
        nodeSelector: { ...spec.nodeSelector, ...pool.nodeSelector },
        tolerations: tolerationsFor(spec, pool),
      },
    },
  };
}

/**
 * Leaves out what rules drop until none does: without one part another may mean something else (without its liveness
 * probe a container needs no startup probe). What is found on the way is told once.
 */
function settle(
  template: V1PodTemplateSpec,
  pool: VirtualPool,
  workload: Workload | undefined,
  known: readonly Finding[] = [],
): { readonly findings: readonly Finding[]; readonly left: V1PodTemplateSpec } {
  const codes = new Set(known.map(({ code }) => code));
  const news = judge(template, pool, workload).filter(({ code }) => !codes.has(code));
  const findings = [...known, ...news];
  const unwanted = news.filter(({ severity }) => severity === 'drop');
  if (unwanted.length === 0 || template.spec === undefined) return { findings, left: template };
  const spec = unwanted.reduce((left, { code }) => without(code, left, pool), template.spec);
  return settle({ ...template, spec }, pool, workload, findings);
}

function without(code: RuleCode, spec: V1PodSpec, pool: VirtualPool): V1PodSpec {
  return isDroppable(code) ? drops[code](spec, pool) : spec;
}

function ownMetadata({ labels, annotations }: NonNullable<V1PodTemplateSpec['metadata']>) {
  return {
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations }),
  };
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
