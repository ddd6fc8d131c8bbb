import { chartValues } from './values.ts';

/** `charts/spillway/README.md`. */
export function chartReadme(): string {
  const rows = chartValues().map(({ path, description, fallback }) => {
    const shown = JSON.stringify(fallback);
    return `| \`${path}\` | \`${cell(shown)}\` | ${cell(description)} |`;
  });
  return `${[head, table, ...rows].join('\n')}\n`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

const table = `| Value | Default | Meaning |
| --- | --- | --- |`;

const head = `# Spillway's chart

<!-- Made from values.yaml: node test/docs/write-chart.ts -->

Bursts Kubernetes workloads onto a virtual node while the VM pool is full, and takes them back when VMs can carry them.
[docs/install.md](../../docs/install.md) installs it step by step, [docs/permissions.md](../../docs/permissions.md) says what each
right is for.

\`\`\`console
$ helm install spillway charts/spillway --namespace spillway --create-namespace \\
    --set image.repository=registry.example.com/spillway --set 'namespaces={media}'
$ helm test spillway --namespace spillway
\`\`\`

- Needs Kubernetes 1.29 or newer (\`admission\` 1.30) and Helm 3 or 4.
- The CustomResourceDefinition is a template, so \`helm upgrade\` upgrades it, and \`helm uninstall\` keeps it with all policies.
- Values that the schema does not know are refused.

## Values
`;
