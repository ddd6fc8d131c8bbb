import { readFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import { aggregatedRoles, burstPolicyCrd } from './crd.ts';
import { withTable } from './field-table.ts';

/** A file that is made from the schema: where it stands below the root of the repository, and what it holds. */
export interface Generated {
  readonly file: string;
  readonly content: string;
}

const notice = '# Made by `npm run generate` from src/policy. Do not edit.\n';

/** Every file that is made from the schema, as it should be now. `root` is the repository, as a file URL. */
export async function generated(root: URL): Promise<readonly Generated[]> {
  const page = 'docs/policy.md';
  const text = await readFile(new URL(page, root), 'utf8');
  return [
    { file: 'charts/spillway/files/burstpolicies.yaml', content: notice + yamlOf(burstPolicyCrd()) },
    {
      file: 'charts/spillway/files/aggregated-roles.yaml',
      content: notice + aggregatedRoles().map(yamlOf).join('---\n'),
    },
    { file: page, content: withTable(withTable(text, 'spec'), 'status') },
  ];
}

function yamlOf(value: unknown): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
}
