import type { V1PodTemplateSpec } from '@kubernetes/client-node';
import type { VirtualPool } from '../../config.ts';
import type { Refusal } from '../../decide/observation.ts';
import type { Check, Workload } from './check.ts';
import { containerChecks } from './checks/containers.ts';
import { groupChecks } from './checks/group.ts';
import { placementChecks } from './checks/placement.ts';
import { volumeChecks } from './checks/volumes.ts';
import { isOlder } from './provider-version.ts';
import type { RuleSetting, Severity } from './rule.ts';
import { type RuleCode, ruleCodes, rules } from './rules.ts';
import { type Hit, type Place, viewOf } from './template-view.ts';

/** A rule that a template breaks on a virtual pool. */
export interface Finding {
  readonly code: RuleCode;
  readonly severity: Severity;
  /** What is so, as a sentence. */
  readonly message: string;
  /** What to do about it, as sentences. */
  readonly remedy: string;
  /** Where in the pod template; `[]` where it is about the workload. At least one. */
  readonly places: readonly Place[];
}

const checks: Readonly<Record<RuleCode, Check>> = {
  ...placementChecks,
  ...containerChecks,
  ...volumeChecks,
  ...groupChecks,
};

/** Names that a sentence lists before it only counts. */
const mostNames = 5;

/**
 * Everything about a pod template that is not as on a VM, when it runs on the virtual pool, in the order of the table.
 * With `workload`, what its name and strategy mean too. Throws QUANTITY_INVALID where a request or limit is none.
 */
export function judge(
  template: V1PodTemplateSpec,
  pool: VirtualPool,
  workload?: Workload,
): readonly Finding[] {
  const view = viewOf(template);
  if (view === undefined) return [];
  return ruleCodes.flatMap((code) => {
    const severity = settingOf(code, pool);
    if (severity === 'off') return [];
    const hits = checks[code]({ view, pool, workload });
    return hits.length === 0 ? [] : [finding(code, severity, hits)];
  });
}

/**
 * What a pod that is there already, or will be let on as it is, meets on the pool. Nothing can be taken out of a pod, so
 * what would be dropped from a template because it fails there is refused. What would be dropped of selectors,
 * affinities and spread is not looked at: the scheduler holds them against the node itself.
 */
export function judgePod(pod: V1PodTemplateSpec, pool: VirtualPool): readonly Finding[] {
  return judge(pod, pool).flatMap((found) => {
    if (found.severity !== 'drop') return [found];
    if (isPlacement(found.code)) return [];
    const { drops = '' } = rules[found.code];
    const remedy = `Take ${drops} out of the template: nothing can be left out of a pod that exists.`;
    return [{ ...found, severity: 'refuse' as const, remedy }];
  });
}

/** Why a pod that is there already cannot be let onto the pool. */
export function refusalsOfPod(pod: V1PodTemplateSpec, pool: VirtualPool): readonly Refusal[] {
  return judgePod(pod, pool)
    .filter(({ severity }) => severity === 'refuse')
    .map(refusalOf);
}

/** A finding as a condition tells it: the sentence and what to do. */
export function refusalOf({ code, message, remedy }: Finding): Refusal {
  return { code, message: `${message} ${remedy}` };
}

/** What the pool does about a rule: as it is configured, else by its version, else by its kind. */
export function settingOf(code: RuleCode, pool: VirtualPool): RuleSetting {
  const { on, older } = rules[code];
  const configured = pool.rules?.[code];
  if (configured !== undefined) return configured;
  const isV1 = pool.kind === 'AksAddon' || pool.kind === 'AciHelm';
  const isOld =
    older !== undefined &&
    isV1 &&
    pool.providerVersion !== undefined &&
    isOlder(pool.providerVersion, older.before);
  return isOld ? older.setting : (on[pool.kind] ?? 'off');
}

function isPlacement(code: RuleCode): boolean {
  return Object.hasOwn(placementChecks, code);
}

function finding(code: RuleCode, severity: Severity, hits: readonly Hit[]): Finding {
  const names = [...new Set(hits.map(({ what }) => what))];
  const more = names.length - mostNames;
  const what = more > 0 ? `${names.slice(0, mostNames).join(', ')} and ${more} more` : names.join(', ');
  const { says, remedy } = rules[code];
  return {
    code,
    severity,
    message: says.replace('{what}', () => what),
    remedy,
    places: hits.map(({ at }) => at),
  };
}
