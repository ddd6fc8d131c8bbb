import { settingOf } from '../../src/act/eligibility/judge.ts';
import type { PoolKind } from '../../src/act/eligibility/rule.ts';
import { type RuleCode, ruleCodes, rules } from '../../src/act/eligibility/rules.ts';
import { containerRules } from '../../src/act/eligibility/rules/containers.ts';
import { groupRules } from '../../src/act/eligibility/rules/group.ts';
import { placementRules } from '../../src/act/eligibility/rules/placement.ts';
import { volumeRules } from '../../src/act/eligibility/rules/volumes.ts';
import { defaultVirtualPools } from '../../src/cluster/virtual-nodes.ts';
import { pascalCase } from '../../src/report/conditions.ts';

const chapters: readonly (readonly [title: string, rules: object])[] = [
  ['Where pods may run', placementRules],
  ['Containers', containerRules],
  ['Volumes', volumeRules],
  ['The container group, its size and its images', groupRules],
];

/** `docs/eligibility.md`, made from the table of rules. */
export function eligibilityPage(): string {
  const sections = chapters.flatMap(([title, table]) => {
    const codes = ruleCodes.filter((code) => Object.hasOwn(table, code));
    return [`## ${title}`, overview(codes), ...codes.map(entry)];
  });
  return `${[head, ...sections, tail].join('\n\n')}\n`;
}

const head = `# Eligibility

<!-- generated: node test/docs/write-eligibility.ts -->

A virtual node is not a VM. This page is the table of what a pod may not have there, or what means something else. Spillway
judges the target's template by it before it creates anything.

| Severity | What happens |
| --- | --- |
| \`refuse\` | The policy does not burst: a pod would fail there, or run wrongly. \`Eligible\` is False, its reason is the code in PascalCase. |
| \`drop\` | That part is left out of the companion's template: burst pods do the same without it. The target keeps it. |
| \`warn\` | It bursts as it is. The message of \`Eligible\` tells the first warning and names the others. |

A pod that \`Rescue\` lets onto the virtual node cannot lose anything: what would be dropped because it fails there is refused.

\`spillway check -f policy.yaml -f deployment.yaml\` tells the same with line numbers and without a cluster, for the AKS add-on
or, with \`--config\`, for your first virtual pool.

## Change a rule

Each pool may set rules to \`refuse\`, \`drop\`, \`warn\` or \`off\` ([configuration](configuration.md)). \`drop\` is only for rules
that know what to leave out. \`warn\` and \`off\` leave the template as it is.

\`\`\`yaml
virtualPools:
  - name: aks-addon
    kind: AksAddon
    nodeSelector: { type: virtual-kubelet, kubernetes.azure.com/managed: "false" }
    providerVersion: 1.4.0
    largestGroup: { cpu: 4, memoryGb: 16 }
    rules: { TEMPLATE_LIFECYCLE: drop, TEMPLATE_REGISTRY_ACR: off }
\`\`\`

In the tables "v1" is the AKS add-on (\`AksAddon\`) and the azure-aci Helm chart (\`AciHelm\`), "v2" is \`AksV2\`. A version before
which something else holds is that of azure-aci, 1.6.4 unless \`providerVersion\` says otherwise.`;

const tail = `## What a template does not show

- DaemonSet pods are never placed on a virtual node.
- There is no IPv6, and no storage of the host.
- Pods must reach the API server: no private cluster and no authorized IP ranges with the add-on.
- LimitRanges and webhooks may change pods after they were judged. A LimitRange that gives init containers requests makes
  them fail on v1.
- Pull secrets of a ServiceAccount: the template does not name them, so the rules on registries cannot see them.

Sources: [virtual-kubelet/azure-aci](https://github.com/virtual-kubelet/azure-aci) v1.6.4,
[AKS: virtual nodes](https://learn.microsoft.com/azure/aks/virtual-nodes),
[microsoft/virtualnodesOnAzureContainerInstances](https://github.com/microsoft/virtualnodesOnAzureContainerInstances),
[quotas of Container Instances](https://learn.microsoft.com/azure/container-instances/container-instances-resource-and-quota-limits).`;

function overview(codes: readonly RuleCode[]): string {
  const rows = codes.map((code) => {
    const [v1, v2, generic] = (['AksAddon', 'AksV2', 'Generic'] as const).map((kind) => setting(code, kind));
    return `| [${code}](#${code.toLowerCase()}) | ${v1}${before(code)} | ${v2} | ${generic} |`;
  });
  return ['| Rule | v1 | v2 | Generic |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function setting(code: RuleCode, kind: PoolKind): string {
  const [any] = defaultVirtualPools;
  return any === undefined ? '' : settingOf(code, { ...any, kind });
}

function before(code: RuleCode): string {
  const { older } = rules[code];
  return older === undefined ? '' : ` (before ${older.before}: ${older.setting})`;
}

function entry(code: RuleCode): string {
  const { says, remedy, drops } = rules[code];
  const dropped = drops === undefined ? '' : ` \`drop\` leaves out ${drops}.`;
  return `### ${code}\n\n\`${pascalCase(code)}\`: ${says} ${remedy}${dropped}`.replaceAll('<', '\\<');
}
