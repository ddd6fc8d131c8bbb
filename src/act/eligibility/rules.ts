import type { Rule } from './rule.ts';
import { containerRules } from './rules/containers.ts';
import { groupRules } from './rules/group.ts';
import { placementRules } from './rules/placement.ts';
import { volumeRules } from './rules/volumes.ts';

const table = { ...placementRules, ...containerRules, ...volumeRules, ...groupRules };

/** A code of the table; in a condition it is the reason, in PascalCase. */
export type RuleCode = keyof typeof table;

/**
 * Every rule about what a pod template may have on a virtual node, in the order in which findings are told: the one
 * source of their codes and sentences. docs/eligibility.md is made from it.
 *
 * Facts: azure-aci v1.6.4 (pkg/provider: aci.go, aci_volumes.go, vk_node.go), virtual-kubelet's own resolution of
 * variables (internal/podutils/env.go), the limits on the AKS page about virtual nodes, the quotas of Container
 * Instances, and the list of microsoft/virtualnodesOnAzureContainerInstances.
 */
export const rules: Readonly<Record<RuleCode, Rule>> = table;

export const ruleCodes = Object.keys(table) as readonly RuleCode[];

/** The rules that can be set to `drop`: those that know what to leave out. */
export type DroppableCode = {
  [Code in RuleCode]: (typeof table)[Code] extends { readonly drops: string } ? Code : never;
}[RuleCode];

/** Whether a rule can be set to `drop`. */
export function isDroppable(code: RuleCode): code is DroppableCode {
  return rules[code].drops !== undefined;
}
